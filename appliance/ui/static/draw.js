// Putting a new screen into the page, and running what comes with it.

import * as help from './help.js';
import * as keeping from './keeping.js';
import * as visibility from './visibility.js';
import { fadeAway, putDown, takeAlong } from './messages.js';
import { filled, refill } from './fill.js';
import { form, settings } from './page.js';

const loadedFiles = new Set();
const listeners = [];
let current = '';
let drawn = { again: false };

/** Call `listener` after each screen is drawn, also the first. */
export function onDrawn(listener) {
  listeners.push(listener);
}

/**
 * What is on the page: another object after each drawing. With `again`, the same question was drawn anew because the
 * server asked for it, and not because of what the person did.
 */
export function drawing() {
  return drawn;
}

/** The text of a screen without what changes with every drawing (tokens, turns). */
function essence(html) {
  const holder = document.createElement('template');
  holder.innerHTML = html;
  for (const input of holder.content.querySelectorAll('input[type=hidden]')) {
    if (['_xsrf', 'csrf_token', '_turn', '_revision', '_visible'].includes(input.name)) {
      input.setAttribute('value', '');
    }
  }
  const there = holder.content.querySelector('#daform');
  there?.removeAttribute('data-da-turn');
  there?.removeAttribute('data-da-revision');
  holder.content.querySelector('#da-task-progress')?.remove();   // it follows the tasks by itself
  return holder.innerHTML;
}

/** The name of the question that a body shows. */
function blockOf(html) {
  const holder = document.createElement('template');
  holder.innerHTML = html;
  return holder.content.querySelector('#daform')?.dataset.daBlock;
}

/** Put HTML in place and run its scripts in order, files too; each file runs once per page. */
async function place(container, html) {
  const holder = document.createElement('template');
  holder.innerHTML = html;
  const scripts = [...holder.content.querySelectorAll('script')];
  container.replaceChildren(holder.content);
  for (const old of scripts) {
    await runScript(old);
  }
}

function runScript(old) {
  const type = old.type.toLowerCase();
  if (type && !['text/javascript', 'application/javascript', 'module'].includes(type)) {
    return Promise.resolve();
  }
  const script = document.createElement('script');
  for (const { name, value } of old.attributes) {
    script.setAttribute(name, value);
  }
  if (!old.src) {
    script.textContent = old.textContent;
    old.replaceWith(script);
    return Promise.resolve();
  }
  if (loadedFiles.has(old.src)) {
    return Promise.resolve();
  }
  loadedFiles.add(old.src);
  script.async = false;
  return new Promise((resolve) => {
    script.addEventListener('load', resolve);
    script.addEventListener('error', () => {
      console.error('cannot load', old.src);
      resolve();
    });
    old.replaceWith(script);
  });
}

function prepare() {
  keeping.forget();
  help.setUp();
  visibility.setUp();
}

async function runAuthorScripts(html) {
  const container = document.getElementById('da-extra-scripts');
  if (container) {
    await place(container, html);
  }
}

function announce() {
  visibility.refresh();
  for (const listener of listeners) {
    listener();
  }
  window.jQuery(document).trigger('daPageLoad');
}

/** The first screen, which came with the page. Its scripts wait in a template until our functions exist. */
export async function first() {
  current = essence(document.getElementById('dabody')?.innerHTML ?? '');
  prepare();
  const waiting = document.querySelector('#da-extra-scripts > template');
  if (waiting) {
    await runAuthorScripts(waiting.innerHTML);
  }
  announce();
}

function focusOnQuestion() {
  const errors = form()?.dataset.daErrors ? document.getElementById('daerrors') : null;
  (errors ?? document.getElementById('daMainQuestion'))?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

/**
 * Draw a screen from the server's answer (action "body").
 * @param {object} answer
 * @param {boolean} quietly a refresh that nobody asked for: the same question keeps what was typed, and an unchanged
 *   screen is left alone
 */
export async function draw(answer, { quietly = false } = {}) {
  const fresh = essence(answer.body);
  const sameQuestion = quietly && blockOf(answer.body) === form()?.dataset.daBlock;
  if (quietly && fresh === current) {
    renew(answer);
    return;
  }
  const kept = sameQuestion ? { ...keeping.take(), filled: filled() } : null;
  const before = quietly && !sameQuestion ? document.getElementById('daMainQuestion')?.innerText : '';
  current = fresh;
  document.title = answer.browser_title ?? document.title;
  document.documentElement.lang = answer.lang || document.documentElement.lang;
  document.body.className = answer.bodyclass ?? document.body.className;
  settings.session = answer.session || settings.session;
  help.tearDown();
  const css = document.getElementById('da-extra-css');
  const wantedCss = (answer.extra_css ?? []).join('');
  if (css && css.innerHTML !== wantedCss) {
    css.innerHTML = wantedCss;
  }
  const messages = takeAlong(quietly);
  if (!sameQuestion || !keeping.replaceAround(document.getElementById('dabody'), answer.body)) {
    window.jQuery('#dabody').html(answer.body);
  }
  putDown(messages);
  prepare();
  drawn = { again: sameQuestion };
  if (kept) {
    refill(kept.filled);
    keeping.putBack(kept);
  } else {
    focusOnQuestion();
  }
  if (before) {
    fadeAway(before);
  }
  await runAuthorScripts((answer.extra_scripts ?? []).join(''));
  announce();
}

/** Take over tokens and numbers of an unchanged screen, so that its submit counts. */
function renew(answer) {
  const holder = document.createElement('template');
  holder.innerHTML = answer.body;
  for (const id of ['daform', 'dabackbutton']) {
    const from = holder.content.getElementById(id);
    const to = document.getElementById(id);
    if (!from || !to) {
      continue;
    }
    for (const input of from.querySelectorAll('input[type=hidden]')) {
      const mine = to.querySelector(`input[type=hidden][name="${CSS.escape(input.name)}"]`);
      if (mine && ['_xsrf', 'csrf_token', '_turn', '_revision'].includes(input.name)) {
        mine.value = input.value;
      }
    }
    Object.assign(to.dataset, from.dataset);
  }
  for (const listener of listeners) {
    listener();
  }
}
