// What stays when the same question is drawn anew: what a person has entered, the focus, the cursor and the scroll.

import { textsOf } from './fill.js';
import { form } from './page.js';

const touched = new Set();   // the names of the controls that were changed since the screen was drawn

/** A control was changed. */
export function touch(control) {
  if (control.name) {
    touched.add(control.name);
  }
}

/** Another screen is there. */
export function forget() {
  touched.clear();
}

function selectionOf(control) {
  try {
    return [control.selectionStart, control.selectionEnd, control.selectionDirection];
  } catch {
    return [null];   // inputs of some types have no selection
  }
}

/** All that is to be put back. */
export function take() {
  const focused = form()?.contains(document.activeElement) ? document.activeElement : null;
  const values = [...(form()?.elements ?? [])]
    .filter((one) => touched.has(one.name) && one.type !== 'submit')
    .map((one) => ({ name: one.name, type: one.type, value: one.value, checked: one.checked, files: one.files,
      chosen: one.multiple && one.options ? [...one.selectedOptions].map((option) => option.value) : null }));
  return { values, focused, selection: focused ? selectionOf(focused) : [null], scroll: window.scrollY,
    top: focused?.getBoundingClientRect().top };
}

function putValue(control, { type, value, checked, files, chosen }) {
  if (type === 'radio' || type === 'checkbox') {
    if (control.value === value) {
      control.checked = checked;
    }
  } else if (type === 'file') {
    if (control.files !== files) {
      control.files = files;
    }
  } else if (chosen && control.options) {
    [...control.options].forEach((option) => { option.selected = chosen.includes(option.value); });
  } else if (control.value !== value && (!control.options || [...control.options].some((one) => one.value === value))) {
    control.value = value;
  }
}

/** Put it back, on the new controls of the same names. */
export function putBack({ values, focused, selection, scroll, top }) {
  for (const one of values) {
    touched.add(one.name);
    for (const control of form()?.querySelectorAll(`[name="${CSS.escape(one.name)}"]`) ?? []) {
      putValue(control, one);
    }
  }
  const control = focused?.isConnected ? focused : document.getElementById(focused?.id);
  if (control && control !== document.activeElement) {
    control.focus({ preventScroll: true });
    try {
      if (selection[0] !== null) {
        control.setSelectionRange(...selection);
      }
    } catch {
      // as above
    }
  }
  // What has the focus stays where the eyes are, whatever has become of what stands above it.
  const by = control ? control.getBoundingClientRect().top - top : scroll - window.scrollY;
  if (Math.abs(by) >= 1) {
    window.scrollBy({ top: by, behavior: 'instant' });
  }
}

// -- the control that has the focus ---------------------------------------------------------------------------------------

const ITS_OWN = ['value', 'checked', 'style', 'aria-expanded', 'aria-activedescendant'];

function takeAttributes(old, fresh, own = []) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !own.includes(name)) {
      old.removeAttribute(name);
    }
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !own.includes(name)) {
      old.setAttribute(name, value);
    }
  }
}

/** The elements from below `top` down to `element`. */
function pathTo(element, top) {
  const path = [];
  for (let one = element; one && one !== top; one = one.parentNode) {
    path.unshift(one);
  }
  return path;
}

/** Give `old` the neighbours of `fresh`, with their scripts run. */
function takeNeighbours(old, fresh) {
  const nodes = [...fresh.parentNode.childNodes];
  const place = nodes.indexOf(fresh);
  window.jQuery([...old.parentNode.childNodes].filter((one) => one !== old)).remove();
  window.jQuery(old).before(nodes.slice(0, place)).after(nodes.slice(place + 1));
}

function listOf(container) {
  return container.querySelector('[role=listbox]')?.textContent;
}

/**
 * Put HTML in place of all that is in `body`, but for the control that has the focus: it stays the same element, so that
 * whoever types there notices nothing.
 * @returns {boolean} whether that was possible; else nothing was done
 */
export function replaceAround(body, html) {
  let focused = document.activeElement;
  const holder = document.createElement('template');
  holder.innerHTML = html;
  let twin = focused?.id && body.contains(focused) && focused.matches('input, select, textarea')
    ? holder.content.getElementById(focused.id) : null;
  if (!twin || twin.tagName !== focused.tagName || twin.type !== focused.type) {
    return false;
  }
  const boxes = [focused, twin].map((one) => one.closest('.combobox-container'));
  if (boxes[0] && boxes[1] && listOf(boxes[0]) === listOf(boxes[1])) {
    [focused, twin] = boxes;   // its list may be open
  }
  const old = pathTo(focused, body);
  const fresh = pathTo(twin, holder.content);
  if (old.length !== fresh.length || old.some((one, depth) => one.tagName !== fresh[depth].tagName)) {
    return false;
  }
  old.forEach((one, depth) => {
    takeNeighbours(one, fresh[depth]);
    if (one !== focused) {
      takeAttributes(one, fresh[depth]);
    }
  });
  if (focused.matches('input, select, textarea')) {
    takeAttributes(focused, twin, ITS_OWN);
  }
  if (focused.tagName === 'SELECT' && (focused.daDrawn ?? textsOf(focused)) !== textsOf(twin)) {
    const chosen = [...focused.selectedOptions].map((one) => one.value);
    focused.replaceChildren(...twin.childNodes);
    delete focused.daChoices;
    delete focused.daDrawn;
    for (const option of focused.options) {
      option.selected = chosen.includes(option.value) || (!chosen.length && option.selected);
    }
  }
  return true;
}
