// What the server puts into a screen that is open: texts into its targets, values and choices into its fields.

import { controlsNamed, nameOf, rowOf, setField } from './fields.js';
import { form } from './page.js';
import { isEditedSince, isTypedInto } from './typing.js';

const CONTROLS = 'input, select, textarea';
let filling = false;
let later = new Map();   // what waits until a list that is perhaps open is left, by variable

/** Whether a field is being changed by the server's answer, and not by a person or an author's script. */
export function isFilling() {
  return filling;
}

// -- targets ----------------------------------------------------------------------------------------------------------

function targetsNamed(name) {
  return document.querySelectorAll(`.datarget${String(name).replace(/[^A-Za-z0-9_]/g, '')}`);
}

/** Put HTML into the places called [TARGET …]. What is there already is let be, also where the focus is in it. */
export function fillTargets(given) {
  for (const { target, content } of Array.isArray(given) ? given : [given ?? {}]) {
    if (!target) {
      continue;
    }
    const html = content === null || content === undefined ? '' : String(content);
    for (const place of targetsNamed(target)) {
      if (place.daContent !== html && !place.contains(document.activeElement)) {
        place.daContent = html;
        window.jQuery(place).html(html);   // not innerHTML: scripts in it are to run
      }
    }
  }
}

/** What the server has put into the screen since it was drawn. */
export function filled() {
  const targets = [...document.querySelectorAll('[class*="datarget"]')].filter((one) => one.daContent !== undefined);
  const lists = [...(form()?.querySelectorAll('select') ?? [])].filter((one) => one.daChoices);
  return {
    targets: targets.map((one) => ({ css: one.className, html: one.daContent, nodes: [...one.childNodes] })),
    lists: lists.map((one) => ({ name: one.name, drawn: one.daDrawn, choices: one.daChoices })),
  };
}

/** Put it back when the same question was drawn again; a list that was drawn otherwise than before is newer. */
export function refill({ targets, lists }) {
  for (const { css, html, nodes } of targets) {
    for (const place of document.querySelectorAll('[class*="datarget"]')) {
      if (place.className === css && !place.hasChildNodes()) {
        place.daContent = html;
        place.append(...nodes);
        break;
      }
    }
  }
  for (const { name, drawn, choices } of lists) {
    for (const list of controlsNamed(name)) {
      if (list.tagName === 'SELECT' && textsOf(list) === drawn) {
        setOptions(list, choices);
      }
    }
  }
}

// -- fields -----------------------------------------------------------------------------------------------------------

function controlsOf(variable) {
  const controls = controlsNamed(nameOf(variable));
  const row = form()?.querySelector(`[data-da-variable="${CSS.escape(String(variable))}"]`);
  return controls.length ? controls : [...(row?.querySelectorAll(CONTROLS) ?? [])];
}

/** Names of what is chosen, from a list, a dictionary of names to whether they are, or one name. */
function chosenIn(value) {
  if (value === null || value === undefined) {
    return [];
  }
  if (typeof value === 'object' && !Array.isArray(value)) {
    return Object.keys(value).filter((key) => value[key] && value[key] !== 'False');
  }
  return value;
}

function optionOf(input, value) {
  const options = [...(input.closest('.combobox-container')?.querySelectorAll('[role=option]') ?? [])];
  return options.find((one) => one.dataset.value === String(value));
}

/** The value as the control takes it. */
function fitting(control, value) {
  if (control.type === 'checkbox' && control.matches('.danon-nota-checkbox')) {
    return chosenIn(value);
  }
  if (control.multiple) {
    return chosenIn(value);
  }
  const text = String(value ?? '');
  switch (control.type) {
    case 'date':
      return text.slice(0, 10);
    case 'time':
      return /(\d\d:\d\d)/.exec(text)?.[1] ?? text;
    case 'datetime-local':
      return text.replace(' ', 'T').slice(0, 16);
    default:
      return control.matches('[role=combobox]') ? optionOf(control, value)?.textContent.trim() ?? value : value;
  }
}

function setValue(variable, value, since) {
  const controls = controlsOf(variable);
  const first = controls[0];
  if (!first || first.type === 'file') {
    return;
  }
  const ours = [...(rowOf(first)?.querySelectorAll(CONTROLS) ?? controls)];
  if (ours.some((one) => isTypedInto(one) && !one.matches('select, [type=radio], [type=checkbox]'))
      || (since !== null && ours.some((one) => isEditedSince(one, since)))) {
    return;   // what the person does is newer than the answer
  }
  const wanted = fitting(first, value);
  if (!('checked' in first && ['radio', 'checkbox'].includes(first.type)) && first.tagName !== 'SELECT'
      && first.value === String(wanted ?? '')) {
    return;
  }
  setField(variable, wanted);
}

/** The entries of a list, to compare. */
export function textsOf(list) {
  return JSON.stringify([...list.options].map((one) => [one.value, one.text]));
}

/** The first entry of a list, which is none of its choices, stays; and so does what is chosen if it is still there. */
function setOptions(list, choices) {
  const wanted = choices.map(([value, label]) => [String(value), String(label)]);
  const first = !list.multiple && list.options[0]?.value === '' ? list.options[0] : null;
  list.daDrawn ??= textsOf(list);
  list.daChoices = choices;
  if (textsOf(list) === JSON.stringify([...(first ? [[first.value, first.text]] : []), ...wanted])) {
    return false;
  }
  const chosen = new Set([...list.selectedOptions].map((one) => one.value));
  const options = wanted.map(([value, label]) => new Option(label, value, false, chosen.has(value)));
  list.replaceChildren(...(first ? [first] : []), ...options);
  if (first && !options.some((one) => one.selected)) {
    first.selected = true;
  }
  return true;
}

function setItems(input, choices) {
  const list = input.closest('.combobox-container').querySelector('[role=listbox]');
  list.replaceChildren(...choices.map(([value, label], number) => {
    const item = document.createElement('li');
    const button = document.createElement('button');
    item.setAttribute('role', 'presentation');
    Object.assign(button, { type: 'button', className: 'dropdown-item', id: `${input.id}-option-${number}`, tabIndex: -1,
      textContent: String(label) });
    button.setAttribute('role', 'option');
    button.dataset.value = String(value);
    item.append(button);
    return item;
  }));
  input.daChoices = choices;
}

/** Replace the choices of a drop-down list, a list of several, a combobox, or the suggestions of an input. */
function setChoices(variable, choices) {
  for (const control of controlsNamed(nameOf(variable))) {
    if (control.tagName === 'SELECT') {
      if (setOptions(control, choices)) {
        control.dispatchEvent(new Event('change', { bubbles: true }));
      }
    } else if (control.matches('[role=combobox]')) {
      setItems(control, choices);
    } else if (control.list) {
      control.list.replaceChildren(...choices.map(([, label]) => new Option('', label)));
    }
  }
}

function fillOne(variable, value, since) {
  if (value && typeof value === 'object' && Array.isArray(value.choices)) {
    setChoices(variable, value.choices);
    if ('value' in value) {
      setValue(variable, value.value, since);
    }
  } else {
    setValue(variable, value, since);
  }
}

/**
 * Set fields by the names of their variables, each to a value or to {choices, value}.
 * @param {object} values
 * @param {number|null} since when the values were asked for (performance.now()): a field that a person changed later
 *   keeps what it has, as does one that is being typed into
 */
export function fillFields(values, since = null) {
  filling = true;
  try {
    for (const [variable, value] of Object.entries(values ?? {})) {
      const focused = controlsOf(variable).find((one) => one === document.activeElement);
      if (focused?.tagName === 'SELECT' && !focused.multiple && Array.isArray(value?.choices)) {
        later.set(variable, { value, since, list: focused });   // it may be open
      } else {
        later.delete(variable);
        fillOne(variable, value, since);
      }
    }
  } finally {
    filling = false;
  }
}

/** Listen from now on. */
export function start() {
  document.addEventListener('focusout', ({ target }) => {
    for (const [variable, { value, since, list }] of later) {
      if (list === target || !list.isConnected) {
        later.delete(variable);
        if (list.isConnected) {
          setTimeout(() => fillFields({ [variable]: value }, since));   // after the focus has gone on
        }
      }
    }
  });
  // The text in a combobox is a label; of choices that the server does not know from its screen it gets the value.
  document.addEventListener('formdata', ({ target, formData }) => {
    for (const input of target.querySelectorAll('[role=combobox]')) {
      const chosen = input.daChoices?.find(([, label]) => String(label) === input.value.trim());
      if (chosen && !input.disabled) {
        formData.set(input.name, String(chosen[0]));
      }
    }
  });
}
