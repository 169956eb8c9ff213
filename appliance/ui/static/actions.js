// Actions of the interview, for authors' scripts: url_action, action_call, action_perform and their kin.

import { interviewUrl, session, settings } from './page.js';
import { follow } from './send.js';

function packed(action) {
  const bytes = new TextEncoder().encode(JSON.stringify(action));
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

/** The address that runs an action of this session. */
export function urlAction(name, args = {}) {
  return interviewUrl({ action: packed({ action: name, arguments: args ?? {} }) });
}

/** Fetch an action's answer; `callback` gets what json_response() or response() sent. */
export function actionCall(name, args, callback) {
  return urlActionCall(urlAction(name, args), callback);
}

/** As actionCall, for an address that url_action() made. */
export function urlActionCall(url, callback) {
  return window.jQuery.ajax({
    url, type: 'GET',
    success: (data) => callback?.(data),
    error: (xhr) => console.error('the action failed:', xhr.responseJSON?.message ?? xhr.status),
  });
}

/**
 * Fetch the interview's variables. `callback` gets an object with `success`, `variables`, `steps`, `i`, `uid` and
 * `encrypted`; where they cannot be had, `success` is false and `variables` is empty.
 */
export function getInterviewVariables(callback) {
  const query = new URLSearchParams({ i: settings.interview || '', session: session() });
  return window.jQuery.ajax({
    url: `/interview/variables?${query}`, type: 'GET', dataType: 'json',
    success: (data) => callback?.(data),
    error: (xhr) => {
      console.error('the variables cannot be had:', xhr.responseJSON?.message ?? xhr.status);
      callback?.({ success: false, variables: {} });
    },
  });
}

function performed(url) {
  const address = new URL(url, window.location.href);
  address.searchParams.set('ajax', '1');
  return follow(address.href);
}

/** Run an action and show the screen it leads to. */
export function actionPerform(name, args) {
  return performed(urlAction(name, args));
}

/** As actionPerform, for an address that url_action() made. */
export function urlActionPerform(url) {
  return performed(url);
}
