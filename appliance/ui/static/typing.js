// What the person is doing just now: answers of the server must not come between.

const CLICKED = 'button, a, summary, label';
const OPENED = 'select, input, textarea';   // of a list that the mouse opens a browser need not tell that it was let go
let composing = null;          // the control in which letters are being composed
let pressed = false;
let typedInto = null;          // the control that was typed into since it has the focus
let waiting = [];
const edited = new WeakMap();  // when a person last changed a control

function settle() {
  if (!composing && !pressed) {
    const functions = waiting;
    waiting = [];
    functions.forEach((one) => one());
  }
}

/** Whether the control has the focus, and has been typed into since it got it. */
export function isTypedInto(control) {
  return control === document.activeElement && (control === composing || control === typedInto);
}

/** Whether a person changed the control after `time` (performance.now()). */
export function isEditedSince(control, time) {
  return (edited.get(control) ?? -1) > time;
}

/**
 * Wait while letters are being composed (as in Chinese and Japanese), which a change of the page would break off, and
 * while a button of the mouse is down: what is under it must not move away before it is a click.
 */
export function whenStill() {
  return composing || pressed ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve();
}

function onEdit(event) {
  if (event.isTrusted) {
    edited.set(event.target, performance.now());
    typedInto = event.target;
  }
}

/** Listen from now on. */
export function start() {
  document.addEventListener('input', onEdit, true);
  document.addEventListener('change', onEdit, true);
  document.addEventListener('focusin', ({ target }) => {
    typedInto = null;
    composing = target === composing ? composing : null;   // what was composed in may be gone without a word
    setTimeout(settle);
  });
  document.addEventListener('compositionstart', ({ target }) => { composing = target; });
  document.addEventListener('compositionend', () => {
    composing = null;
    setTimeout(settle);
  });
  document.addEventListener('pointerdown', ({ target }) => {
    pressed = Boolean(target.closest?.(CLICKED)) && !target.closest(OPENED);
  }, true);
  document.addEventListener('pointermove', ({ buttons }) => {
    if (pressed && buttons === 0) {   // let go outside of the window
      pressed = false;
      settle();
    }
  }, true);
  for (const end of ['pointerup', 'pointercancel', 'dragend', 'blur']) {
    window.addEventListener(end, (event) => {
      if (end !== 'blur' || event.target === window) {
        pressed = false;
        setTimeout(settle);   // after the click
      }
    }, true);
  }
}
