// News for this tab: one WebSocket, and check-ins while it is down or where the screen has a `check in` action.

import { apply } from './commands.js';
import { onDrawn } from './draw.js';
import { getFields, nameOf, textOf, val } from './fields.js';
import { form, session, setToken, settings, token } from './page.js';
import { isSending, refresh } from './send.js';
import * as tab from './tab.js';

const LONGEST_PAUSE = 30000;
const AFTER_TYPING = 500;
const firstPage = form()?.dataset.daTurn ?? '';   // the server counts it as a tab since it was drawn
const code = String(Math.floor(Math.random() * 1e9));
let socket = null;
let connectedTo = '';
let pause = 1000;
let pollTimer = 0;
let reloadTimer = 0;
let typingTimer = 0;
let checkedIn = '';
let brought = [];   // ids of the notices of the last check-in, for the next one to report

function isUp() {
  return socket?.readyState === WebSocket.OPEN;
}

function connect() {
  if (!settings.socket || !session()) {
    return;
  }
  connectedTo = session();
  const url = new URL(settings.socket, window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.searchParams.set('session', connectedTo);
  url.searchParams.set('tab', tab.name);
  url.searchParams.set('page', firstPage);
  const mine = new WebSocket(url);
  socket = mine;
  mine.addEventListener('open', () => {
    pause = 1000;
  });
  mine.addEventListener('message', (event) => tab.ifStaying(() => {
    const ids = apply(JSON.parse(event.data).commands);
    if (ids.length && mine.readyState === WebSocket.OPEN) {
      mine.send(JSON.stringify({ seen: ids }));
    }
  }));
  mine.addEventListener('close', () => {
    if (socket !== mine) {
      return;
    }
    setTimeout(connect, pause * (0.75 + Math.random() / 2));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
    schedule();
  });
}

/** The fields' texts by variable, as a `check in` action gets them. */
function fieldValues() {
  const values = {};
  for (const variable of getFields()) {
    const text = textOf(nameOf(variable));
    values[variable] = text === null ? JSON.stringify(val(variable)) : text;
  }
  return values;
}

/** Look for news, and run the screen's `check in` action. */
export function checkIn({ changed = null } = {}) {
  const there = form();
  if (!settings.checkin || !there || isSending()) {
    return Promise.resolve();
  }
  const data = { action: 'checkin', checkinCode: code, chatstatus: 'off', csrf_token: token(),
    session: session(), _revision: there.dataset.daRevision, tab: tab.name, page: firstPage,
    seen: JSON.stringify(brought) };
  if (there.dataset.daCheckIn) {
    data.do_action = there.dataset.daCheckIn;
    const screen = `${session()} ${there.dataset.daRevision} ${there.dataset.daBlock}`;
    data.parameters = JSON.stringify({ ...fieldValues(), _initial: checkedIn !== screen, _changed: changed });
    checkedIn = screen;
  }
  return new Promise((resolve) => {
    window.jQuery.ajax({
      url: settings.checkin, type: 'POST', data, dataType: 'json', complete: (xhr) => {
        const answer = xhr.responseJSON;
        setToken(answer?.csrf_token);
        if (answer?.success && !tab.isLeaving()) {
          // On another screen by now, only what was for the session still counts.
          brought = apply(form() === there ? answer.commands : answer.commands?.filter((command) => command.id));
        }
        resolve();
      },
    });
  });
}

function schedule() {
  clearTimeout(pollTimer);
  const interval = settings.checkinInterval;
  if (!interval) {
    return;
  }
  pollTimer = setTimeout(async () => {
    if (!isUp() || form()?.dataset.daCheckIn) {
      await checkIn();
    }
    schedule();
  }, interval);
}

/** Fetch the screen in a while; and again and again if that brings none, as while the server is starting anew. */
function reloadIn(seconds) {
  const mine = setTimeout(async () => {
    await refresh({ quietly: true });
    if (reloadTimer === mine) {
      reloadIn(seconds);   // a screen would have set a timer of its own
    }
  }, seconds * 1000);
  reloadTimer = mine;
}

function onScreen() {
  clearTimeout(reloadTimer);
  reloadTimer = 0;
  const seconds = Number(form()?.dataset.daReloadAfter);
  if (seconds > 0) {
    reloadIn(seconds);
  }
  if (session() !== connectedTo) {
    const old = socket;
    socket = null;
    old?.close();
    connect();
  }
  schedule();
  if (form()?.dataset.daCheckIn && checkedIn !== `${session()} ${form().dataset.daRevision} ${form().dataset.daBlock}`) {
    checkIn();
  }
}

/** A field changed: a screen with a `check in` action checks in soon. */
export function onChange(control) {
  if (form()?.dataset.daCheckIn) {
    const changed = control.closest('[data-da-variable]')?.dataset.daVariable ?? null;
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => checkIn({ changed }), AFTER_TYPING);
  }
}

/** Begin to listen, from the first screen on. */
export function start() {
  onDrawn(onScreen);
  window.addEventListener('online', () => {
    if (!isUp()) {
      pause = 1000;
    }
  });
}
