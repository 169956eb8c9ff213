// The browser's own Back, and a phone's gesture, do what the Back button does.

import { session } from './page.js';

let position = 0;
let goBack = async () => false;
let leaving = false;

/** An address that shows the same screen when it is loaded again: without what would begin anew or act twice. */
function lastingAddress() {
  const url = new URL(window.location.href);
  const named = url.searchParams.has('session') || url.searchParams.has('new_session');
  for (const name of ['reset', 'new_session', 'action', 'cache', 'session']) {
    url.searchParams.delete(name);
  }
  if (named && session()) {
    url.searchParams.set('session', session());
  }
  // As short as people wrote it: ":" and "/" need no escape in a query.
  return `${url.pathname}?${url.searchParams.toString().replaceAll('%3A', ':').replaceAll('%2F', '/')}${url.hash}`;
}

/** A screen forward: the browser's Back now has something to go back from. */
export function forward() {
  position += 1;
  window.history.pushState({ da: position }, '', lastingAddress());
}

/** A screen was drawn in place: the address may name another session now. */
export function inPlace() {
  if (window.location.pathname === '/interview') {
    window.history.replaceState({ da: position }, '', lastingAddress());
  }
}

/**
 * @param {() => Promise<boolean>} back presses the Back button; false if there is nothing to go back to
 */
export function start(back) {
  goBack = back;
  position = window.history.state?.da ?? 0;
  inPlace();
  window.addEventListener('popstate', async (event) => {
    const target = event.state?.da;
    if (target === undefined) {
      return;   // a link to a place on this page
    }
    if (target > position) {
      window.history.back();   // what was undone is not redone
      return;
    }
    if (target === position) {
      return;
    }
    position = target;
    if (leaving || !(await goBack())) {
      leaving = true;
      window.history.back();   // the first screen: on to where the person came from
      setTimeout(() => { leaving = false; }, 1000);
    }
  });
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) {
      window.location.reload();
    }
  });
}
