// The fields of the screen by the names of their variables: val, getField, getFields, setField.

import { decodeName, encodeName, form } from './page.js';

/** The rows that a condition hides or disables; visibility.js keeps it. */
export const notCounting = new WeakSet();

/** All controls with a name, in document order. */
export function controlsNamed(name) {
  const there = form();
  return there && name ? [...there.querySelectorAll(`[name="${CSS.escape(name)}"]`)] : [];
}

/** The row a control is in, or null. */
export function rowOf(control) {
  return control.closest('.da-form-group');
}

/** The value of a control as the server would read it, or null if there is no such control, or if it does not count. */
export function textOf(name) {
  const controls = controlsNamed(name);
  const first = controls[0];
  if (!first) {
    return null;
  }
  const row = rowOf(first);
  if (row && notCounting.has(row)) {
    return null;
  }
  if (first.type === 'radio') {
    return controls.find((one) => one.checked)?.value ?? '';
  }
  if (first.type === 'checkbox') {
    return first.checked ? first.value : first.dataset.daUnchecked ?? 'False';
  }
  if (first.type === 'file') {
    return fileName(first);
  }
  return first.value;
}

/** The name of the file that a picker sends, or that it keeps from before; the browser's own value names a folder. */
function fileName(picker) {
  const kept = controlsNamed(picker.dataset.daKept).filter((one) => one.checked);
  return [...picker.files].at(-1)?.name ?? kept.at(-1)?.dataset.daFilename ?? '';
}

/** The name of the control of a variable; quotes in an index may be of either kind. */
export function nameOf(variable) {
  const wanted = String(variable).replace(/\["((?:[^"'\\])*)"\]$/, "['$1']");
  const row = form()?.querySelector(`[data-da-variable="${CSS.escape(wanted)}"]`);
  return row?.dataset.daField || encodeName(wanted);
}

function rowNamed(variable) {
  return form()?.querySelector(`[data-da-variable="${CSS.escape(String(variable))}"]`) || null;
}

function boxesOf(row) {
  return row ? [...row.querySelectorAll('input.danon-nota-checkbox')] : [];
}

function keyOfBox(box) {
  const match = /\[(['"])(.*)\1\]$/s.exec(decodeName(box.name) ?? '');
  return match ? match[2] : box.name;
}

/** The element of the field that sets a variable: an input, a select, or the group of its choices. Else undefined. */
export function getField(variable) {
  const controls = controlsNamed(nameOf(variable));
  if (controls.length) {
    return controls.length > 1 ? controls.find((one) => one.checked) ?? controls[0] : controls[0];
  }
  return rowNamed(variable) ?? undefined;
}

/** The names of the variables that the screen sets. */
export function getFields() {
  return [...(form()?.querySelectorAll('[data-da-variable]') ?? [])].map((row) => row.dataset.daVariable);
}

/**
 * The current value of the field that sets a variable: a text ('None' for "I don't know"), true or false, a list of the
 * chosen keys; null where there is no such field, or where a condition hides it.
 */
export function val(variable) {
  const name = nameOf(variable);
  const controls = controlsNamed(name);
  if (!controls.length) {
    const boxes = boxesOf(rowNamed(variable));
    return boxes.length ? boxes.filter((one) => one.checked).map(keyOfBox) : null;
  }
  if (controls[0].multiple) {
    return [...controls[0].selectedOptions].map((option) => option.value);
  }
  const text = textOf(name);
  return text === 'True' ? true : text === 'False' ? false : text;
}

function sameValue(text, value) {
  const wanted = { true: 'True', false: 'False', null: 'None' }[String(value)] ?? String(value);
  return text === wanted || text === String(value);
}

function changed(control) {
  control.dispatchEvent(new Event('input', { bubbles: true }));
  control.dispatchEvent(new Event('change', { bubbles: true }));
}

function setSelect(control, value) {
  const values = Array.isArray(value) ? value : [value];
  for (const option of control.options) {
    option.selected = values.some((one) => sameValue(option.value, one) || option.text === String(one));
  }
}

/** The keys that a value for checkboxes chooses: those of a list, or those that are true in an object. */
function keysIn(value) {
  if (value && typeof value === 'object' && !Array.isArray(value)) {
    return Object.keys(value).filter((key) => value[key]);
  }
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** Set the field of a variable, as if a person had. A radio button is chosen, a box is checked by true or a list. */
export function setField(variable, value) {
  const controls = controlsNamed(nameOf(variable));
  if (!controls.length) {
    const chosen = new Set(keysIn(value));
    for (const box of boxesOf(rowNamed(variable))) {
      box.checked = value === true || chosen.has(keyOfBox(box));
      changed(box);
    }
    return;
  }
  const first = controls[0];
  if (first.type === 'file') {
    return;   // only a person can choose a file
  }
  if (first.type === 'radio') {
    const wanted = controls.find((one) => sameValue(one.value, value));
    for (const one of controls) {
      one.checked = one === wanted;
    }
    changed(wanted ?? first);
    return;
  }
  if (first.type === 'checkbox') {
    const on = value === true || value === 'True' || value === 1;
    first.checked = first.dataset.daUnchecked === 'True' ? !on : on;
  } else if (first.tagName === 'SELECT') {
    setSelect(first, value);
  } else {
    first.value = value ?? '';
  }
  changed(first);
}
