// Which rows are shown and which controls are enabled: conditions between fields, and "disable others".

import { controlsNamed, notCounting, rowOf, textOf } from './fields.js';
import { form } from './page.js';

const CONTROLS = 'input, select, textarea, button';
let conditions = new Map();

/** Read the conditions of a new screen, and apply them. */
export function setUp() {
  conditions = new Map();
  for (const control of form()?.querySelectorAll(CONTROLS) ?? []) {
    control.daDisabledByAuthor = control.disabled;
  }
  for (const row of form()?.querySelectorAll('[data-da-show-if]') ?? []) {
    conditions.set(row, JSON.parse(row.dataset.daShowIf).map(prepared));
  }
  refresh();
}

function prepared(condition) {
  if (condition.js === null || condition.js === undefined) {
    return condition;
  }
  try {
    // Authors write these expressions; they are as trusted as the rest of the interview.
    return { ...condition, run: new Function(`return (${condition.js.trim().replace(/;$/, '')}\n)`) };
  } catch (error) {
    console.error('js show if:', condition.js, error);
    return { ...condition, run: () => false };
  }
}

function holds(condition) {
  if (condition.run) {
    try {
      return Boolean(condition.run()) === condition.sign;
    } catch (error) {
      console.error('js show if:', condition.js, error);
      return false;
    }
  }
  const controls = controlsNamed(condition.name);
  if (!controls.length) {
    return !condition.sign;
  }
  const row = rowOf(controls[0]);
  if (row && notCounting.has(row)) {
    return false;
  }
  const text = condition.option === null
    ? textOf(condition.name)
    : ([...(controls[0].selectedOptions ?? [])].some((one) => one.value === condition.option) ? 'True' : 'False');
  return condition.equals.includes(text) === condition.sign;
}

/** The rows whose controls another control disables. */
function disabledByOthers() {
  const names = new Set();
  for (const control of form().querySelectorAll('[data-da-disable-others]')) {
    const row = rowOf(control);
    const text = textOf(control.name);
    if (text === null || text === '' || text === 'False' || (control.type === 'radio' && !control.checked)) {
      continue;
    }
    if (control.dataset.daDisableOthers === 'all') {
      for (const other of form().querySelectorAll('[data-da-field]')) {
        if (other !== row) {
          names.add(other);
        }
      }
    } else {
      for (const name of JSON.parse(control.dataset.daDisableOthers)) {
        const other = form().querySelector(`[data-da-field="${CSS.escape(name)}"]`);
        if (other && other !== row) {
          names.add(other);
        }
      }
    }
  }
  return names;
}

/** Decide again after any change. Chains (a field that depends on a hidden field) settle in a few rounds. */
export function refresh() {
  if (!form()) {
    return;
  }
  for (let round = 0; round <= conditions.size; round += 1) {
    let settled = true;
    for (const [row, list] of conditions) {
      const counts = list.every(holds);
      if (counts === notCounting.has(row)) {
        settled = false;
        notCounting[counts ? 'delete' : 'add'](row);
      }
    }
    if (settled) {
      break;
    }
  }
  const disabledRows = disabledByOthers();
  for (const row of form().querySelectorAll('.da-form-group')) {
    const list = conditions.get(row);
    if (list) {
      row.hidden = notCounting.has(row) && list.some((condition) => condition.mode !== 'enable' && !holds(condition));
    }
    if (list || disabledRows.has(row) || row.daDisabledByOther) {
      const off = notCounting.has(row) || disabledRows.has(row);
      row.daDisabledByOther = disabledRows.has(row);
      for (const control of row.querySelectorAll(CONTROLS)) {
        control.disabled = off || Boolean(control.daDisabledByAuthor);
      }
    }
  }
  const visible = form().elements._visible;
  if (visible) {
    visible.value = JSON.stringify([...form().querySelectorAll('[data-da-field]')]
      .filter((row) => !notCounting.has(row)).map((row) => row.dataset.daField));
  }
}
