// News for this tab: one WebSocket, and check-ins while it is down or where the screen has a `check in` action.

import * as checkins from './checkins.js';
import { apply } from './commands.js';
import { onDrawn } from './draw.js';
import { form, session, settings } from './page.js';
import { refresh } from './send.js';
import * as tab from './tab.js';

const LONGEST_PAUSE = 30000;
let socket = null;
let connectedTo = '';
let pause = 1000;
let pollTimer = 0;
let reloadTimer = 0;

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
  url.searchParams.set('page', checkins.page);
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

function schedule() {
  clearTimeout(pollTimer);
  const interval = settings.checkinInterval;
  if (!interval) {
    return;
  }
  pollTimer = setTimeout(async () => {
    if (!isUp() || checkins.wanted()) {
      await checkins.checkIn();
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
  checkins.onScreen();
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
