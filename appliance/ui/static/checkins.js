// Check-ins: the screen's `check in` action gets what is in the fields, when the screen is there, when a field changes,
// while one types if the author wants that, and every so often. They go one after the other, so that none overtakes
// another; an answer for a screen that is gone or being sent is dropped.

import { apply } from './commands.js';
import { drawing } from './draw.js';
import { controlsNamed, notCounting, textOf } from './fields.js';
import { isFilling } from './fill.js';
import { decodeName, form, session, setToken, settings, token } from './page.js';
import { isSending } from './send.js';
import * as tab from './tab.js';
import { whenStill } from './typing.js';

const AFTER_CHANGE = 30;     // boxes that change others tell it one by one
const LONGEST = 60000;
const code = String(Math.floor(Math.random() * 1e9));
const firstPage = form()?.dataset.daTurn ?? '';   // the server counts it as a tab since it was drawn
let screen = null;           // the drawing that the rest is about
let waiting = [];            // check-ins to come: {initial, changed}
let underWay = null;
let timers = new Map();      // by variable: when its change is told
let told = new Map();        // by variable: what was told of it while it was being typed
let brought = [];            // ids of the notices of the last check-in, for the next one to report

/** Whether the screen has a `check in` action. */
export function wanted() {
  return Boolean(form()?.dataset.daCheckIn);
}

/** The page's name for the server: the turn that it was drawn in first. */
export const page = firstPage;

// -- what is in the fields ----------------------------------------------------------------------------------------------

function textOfRow(row) {
  const controls = controlsNamed(row.dataset.daField);
  const mine = controls.find((one) => row.contains(one) && !one.disabled);
  if (!mine) {
    return null;
  }
  if (mine.multiple && mine.tagName === 'SELECT') {
    return JSON.stringify([...mine.selectedOptions].map((one) => one.value));
  }
  if (mine.matches('[role=combobox]')) {
    const options = [...mine.closest('.combobox-container').querySelectorAll('[role=option]')];
    return options.find((one) => one.textContent.trim() === mine.value.trim())?.dataset.value ?? mine.value;
  }
  return mine === controls[0] || ['radio', 'checkbox', 'file'].includes(mine.type) ? textOf(mine.name) : mine.value;
}

/** The texts of the fields that count, by variable. Check boxes are told one by one, and as a list of the chosen. */
function texts() {
  const found = {};
  for (const row of form().querySelectorAll('[data-da-variable]')) {
    if (notCounting.has(row)) {
      continue;
    }
    const variable = row.dataset.daVariable;
    const boxes = [...row.querySelectorAll('input.danon-nota-checkbox')].filter((one) => !one.disabled);
    const text = boxes.length ? JSON.stringify(boxes.filter((one) => one.checked).map(keyOf)) : textOfRow(row);
    if (text !== null && !found[variable]) {
      found[variable] = text;
    }
    for (const box of boxes) {
      found[decodeName(box.name) ?? box.name] = box.checked ? 'True' : 'False';
    }
  }
  delete found._choice;   // a list of choices that sets no variable
  return found;
}

function keyOf(box) {
  return /\[(['"])(.*)\1\]$/s.exec(decodeName(box.name) ?? '')?.[2] ?? box.name;
}

// -- one after the other ------------------------------------------------------------------------------------------------

function parcel(next) {
  const there = form();
  const data = { action: 'checkin', checkinCode: code, chatstatus: 'off', csrf_token: token(), session: session(),
    _revision: there.dataset.daRevision, tab: tab.name, page: firstPage, seen: JSON.stringify(brought) };
  if (wanted()) {
    data.do_action = there.dataset.daCheckIn;
    data.parameters = JSON.stringify({ ...texts(), _initial: next.initial, _changed: next.changed });
  }
  return data;
}

function send(data) {
  return new Promise((resolve) => {
    window.jQuery.ajax({ url: settings.checkin, type: 'POST', data, dataType: 'json', timeout: LONGEST,
      complete: (xhr) => resolve(xhr.responseJSON ?? null) });
  });
}

async function sendOne(next) {
  const mine = screen;
  const since = performance.now();
  const answer = await send(parcel(next));
  setToken(answer?.csrf_token);
  if (!answer?.success) {
    if (mine === screen) {
      waiting.unshift(next);   // it is told with the next one
    }
    return false;
  }
  await whenStill();
  if (!tab.isLeaving()) {
    // On another screen by now, only what was for the session still counts.
    const current = mine === screen && mine === drawing() && !isSending();
    brought = apply(current ? answer.commands : answer.commands?.filter((command) => command.id), since);
  }
  return true;
}

async function sendAll() {
  while (waiting.length && form() && !isSending()) {
    if (!await sendOne(waiting.shift())) {
      return;
    }
  }
}

/** Send what waits. Returns when it has been answered. */
function flow() {
  underWay ??= sendAll().finally(() => { underWay = null; });
  return underWay;
}

function add(next) {
  // What a check-in would tell that waits already need not be told twice.
  if (!waiting.some((one) => one.changed === next.changed || (next.changed === null && !next.initial))) {
    waiting.push(next);
  }
  return flow();
}

/** Look for news, and run the screen's `check in` action. */
export function checkIn() {
  if (!settings.checkin || !form()) {
    return Promise.resolve();
  }
  return underWay ?? add({ initial: false, changed: null });
}

// -- when ---------------------------------------------------------------------------------------------------------------

function variableOf(control) {
  return control.closest('[data-da-variable]')?.dataset.daVariable ?? null;
}

function tellIn(milliseconds, variable, note) {
  clearTimeout(timers.get(variable));
  timers.set(variable, setTimeout(() => {
    timers.delete(variable);
    note?.();
    add({ initial: false, changed: variable });
  }, milliseconds));
}

/** A field has changed. */
export function onChange(control) {
  if (!wanted() || isFilling()) {
    return;
  }
  const variable = variableOf(control);
  if (told.get(variable) === control.value && !timers.has(variable)) {
    told.delete(variable);   // that was told while it was being typed
    return;
  }
  told.delete(variable);
  tellIn(AFTER_CHANGE, variable);
}

/** Somebody types: with `check in delay`, that is told when they pause. */
export function onInput(control, composing) {
  const delay = Number(form()?.dataset.daCheckInDelay);
  if (!delay || !wanted() || isFilling() || composing) {
    return;
  }
  const variable = variableOf(control);
  told.delete(variable);
  tellIn(delay, variable, () => told.set(variable, control.value));
}

/** A screen is there; the same one may be told of again. */
export function onScreen() {
  if (screen === drawing()) {
    return;
  }
  screen = drawing();
  const old = waiting;
  waiting = screen.again ? old : [];
  if (!screen.again) {
    timers.forEach((timer) => clearTimeout(timer));
    timers = new Map();
    told = new Map();
  }
  if (wanted()) {
    add({ initial: !screen.again, changed: null });
  }
}
