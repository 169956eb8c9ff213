// The page of the logs: "Keep up to date" fetches the entries again, as long as nobody is reading in them.
//
// It finds #da-follow (a checkbox) and #da-log, whose inside is the page's own address with fragment=1.

const EACH = 2000;
const place = document.getElementById('da-log');
const follow = document.getElementById('da-follow');
let timer = 0;

/** A person who has marked text, or is in the lines of an entry, should not lose them. */
function isRead() {
  const selection = document.getSelection();
  return place.contains(document.activeElement)
    || (selection && !selection.isCollapsed && place.contains(selection.anchorNode));
}

async function look() {
  if (!document.hidden && !isRead()) {
    const url = new URL(window.location.href);
    url.searchParams.set('fragment', '1');
    try {
      const reply = await fetch(url, { credentials: 'same-origin' });
      const html = reply.ok ? await reply.text() : null;
      if (html !== null && html !== place.dataset.daShown && !isRead()) {
        place.innerHTML = html;
        place.dataset.daShown = html;
      }
    } catch {
      // the server is away; the next look comes by itself
    }
  }
  if (follow.checked) {
    timer = setTimeout(look, EACH);
  }
}

follow?.addEventListener('change', () => {
  clearTimeout(timer);
  if (follow.checked) {
    look();
  }
});
