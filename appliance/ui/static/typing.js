// What the person is doing just now: answers of the server must not come between.

let composing = false;
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
  return control === document.activeElement && (composing || control === typedInto);
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
  document.addEventListener('focusin', () => { typedInto = null; });
  document.addEventListener('compositionstart', () => { composing = true; });
  document.addEventListener('compositionend', () => {
    composing = false;
    setTimeout(settle);
  });
  document.addEventListener('pointerdown', () => { pressed = true; }, true);
  for (const end of ['pointerup', 'pointercancel', 'dragend', 'blur']) {
    window.addEventListener(end, (event) => {
      if (end !== 'blur' || event.target === window) {
        pressed = false;
        setTimeout(settle);   // after the click
      }
    }, true);
  }
}
