// What the page is about: the form on it, its session, its token. All other modules ask here.

const element = document.getElementById('dasettings');

/** What the server told once for the page: interview, session, socket, checkin, checkinInterval, language. */
export const settings = element ? JSON.parse(element.textContent) : {};

/** The form of the screen, or null. */
export function form() {
  return document.getElementById('daform');
}

/** The session the screen belongs to; it changes when an interview is started anew without a page load. */
export function session() {
  return form()?.dataset.daSession || settings.session || '';
}

/** The token that a form must carry. */
export function token() {
  return form()?.elements._xsrf?.value || '';
}

/** Put a fresh token into all forms. */
export function setToken(fresh) {
  if (!fresh) {
    return;
  }
  for (const input of document.querySelectorAll('input[name=_xsrf], input[name=csrf_token]')) {
    input.value = fresh;
  }
}

/** The address of the interview, with more query parameters. */
export function interviewUrl(more = {}) {
  const query = new URLSearchParams({ i: settings.interview || '', session: session(), ...more });
  return `/interview?${query}`;
}

/** Text as base64 of UTF-8 without padding: how the server names the control of a variable. */
export function encodeName(variable) {
  const bytes = new TextEncoder().encode(variable);
  return btoa(String.fromCharCode(...bytes)).replace(/=+$/, '');
}

/** The inverse of encodeName; null if `name` is no such text. */
export function decodeName(name) {
  try {
    const bytes = Uint8Array.from(atob(name), (letter) => letter.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
