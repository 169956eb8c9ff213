// Which tab this is. The name stays when the page is loaded again, so that the server knows what the tab has been told.

const NAME = 'da-tab';
const SEEN = 'da-seen';
const MOST_SEEN = 200;
const CHANGED_MY_MIND = 3000;
let leaving = false;
let whenStaying = [];

function read(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;   // switched off in this browser: the tab is a new one each time it is loaded
  }
}

function write(key, value) {
  try {
    if (value === null) {
      sessionStorage.removeItem(key);
    } else {
      sessionStorage.setItem(key, value);
    }
  } catch {
    // as above, or full
  }
}

function newName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The tab's name. While the page lives it is not in the storage, so a copy of the tab gets a name of its own. */
export const name = read(NAME) || newName();
write(NAME, null);
window.addEventListener('pagehide', () => write(NAME, name));
window.addEventListener('pageshow', (event) => {
  if (event.persisted) {
    write(NAME, null);   // back from the browser's memory
  }
});

function seenBy(session) {
  try {
    const kept = JSON.parse(read(SEEN) ?? 'null');
    return kept?.session === session && Array.isArray(kept.ids) ? kept.ids : [];
  } catch {
    return [];
  }
}

const seenHere = new Set();

/** Note that the tab has got a notice of the session. Returns false if it had it before. */
export function isNew(session, id) {
  const key = `${session} ${id}`;
  const ids = seenBy(session);
  if (seenHere.has(key) || ids.includes(id)) {
    return false;
  }
  seenHere.add(key);
  write(SEEN, JSON.stringify({ session, ids: [...ids, id].slice(-MOST_SEEN) }));
  return true;
}

// A message that is shown while the page is on its way out is read by nobody: it is left for the next page.
window.addEventListener('beforeunload', () => {
  leaving = true;
  setTimeout(() => {   // it was a download, or the person stayed
    leaving = false;
    const functions = whenStaying;
    whenStaying = [];
    functions.forEach((one) => one());
  }, CHANGED_MY_MIND);
});

/** Whether the page is about to go. */
export function isLeaving() {
  return leaving;
}

/** Call `then` at once, or when it turns out that the page stays. */
export function ifStaying(then) {
  if (leaving) {
    whenStaying.push(then);
  } else {
    then();
  }
}
