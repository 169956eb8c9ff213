// Boxes that act on other boxes, ranges that show their number, and lists that suggest while one types.

import { controlsNamed } from './fields.js';
import { form } from './page.js';

function set(box, on) {
  if (box.checked !== on) {
    box.checked = on;
    box.daChangedByUs = true;
    box.dispatchEvent(new Event('change', { bubbles: true }));
    box.daChangedByUs = false;
  }
}

function inGroup(box, selector) {
  return [...(box.closest('fieldset')?.querySelectorAll(selector) ?? [])];
}

function noneAndAll(box) {
  if (box.matches('.danota-checkbox')) {
    if (box.checked) {
      inGroup(box, '.danon-nota-checkbox, .daaota-checkbox').forEach((one) => set(one, false));
    }
  } else if (box.matches('.daaota-checkbox')) {
    inGroup(box, '.danon-nota-checkbox').forEach((one) => set(one, box.checked));
    if (box.checked) {
      inGroup(box, '.danota-checkbox').forEach((one) => set(one, false));
    }
  } else if (box.matches('.danon-nota-checkbox')) {
    if (box.checked) {
      inGroup(box, '.danota-checkbox').forEach((one) => set(one, false));
    } else {
      inGroup(box, '.daaota-checkbox').forEach((one) => set(one, false));
    }
  }
}

/** The other boxes that the attribute of a box names. */
function others(box, list) {
  const named = list === 'all'
    ? [...form().querySelectorAll('input.dasinglebox')]
    : JSON.parse(list).flatMap(controlsNamed);
  return named.filter((one) => one !== box && one.type === 'checkbox');
}

function actOnOthers(box) {
  const { daUncheckOthers: uncheck, daCheckOthers: check } = box.dataset;
  if (uncheck && box.checked) {
    others(box, uncheck).forEach((one) => set(one, false));
  }
  if (check && box.checked) {
    others(box, check).forEach((one) => set(one, true));
  }
  // The other way round: who checks one of them takes back "none of these", who unchecks one takes back "all of these".
  for (const one of form().querySelectorAll('[data-da-uncheck-others]')) {
    if (one !== box && one.checked && box.checked && others(one, one.dataset.daUncheckOthers).includes(box)) {
      set(one, false);
    }
  }
  for (const one of form().querySelectorAll('[data-da-check-others]')) {
    if (one !== box && one.checked && !box.checked && others(one, one.dataset.daCheckOthers).includes(box)) {
      set(one, false);
    }
  }
}

/** React to a change of any control. */
export function onChange(control) {
  if (control.type === 'checkbox' && !control.daChangedByUs) {
    noneAndAll(control);
    actOnOthers(control);
  }
}

/** Keep the number beside a range equal to its value. */
export function onInput(control) {
  if (control.type === 'range') {
    const output = document.querySelector(`output[for="${CSS.escape(control.id)}"]`);
    if (output) {
      output.textContent = control.value;
    }
  }
}
