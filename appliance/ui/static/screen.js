// Interview screens: connects the modules, and gives authors' scripts docassemble's functions.

import * as actions from './actions.js';
import * as browserHistory from './history.js';
import * as checkins from './checkins.js';
import * as choices from './choices.js';
import * as combobox from './combobox.js';
import * as commands from './commands.js';
import * as draw from './draw.js';
import * as fill from './fill.js';
import * as help from './help.js';
import * as keeping from './keeping.js';
import * as limits from './limits.js';
import * as notices from './notices.js';
import * as progress from './progress.js';
import * as send from './send.js';
import * as typing from './typing.js';
import * as uploads from './uploads.js';
import * as visibility from './visibility.js';
import { encodeName, settings } from './page.js';
import { getField, getFields, setField, val } from './fields.js';
import { applyColorScheme } from './scheme.js';
import { flash } from './messages.js';

/** The functions of docassemble that interviews call. */
const functions = {
  val,
  getField,
  getFields,
  setField,
  flash,
  url_action: actions.urlAction,
  url_action_call: actions.urlActionCall,
  url_action_perform: actions.urlActionPerform,
  get_interview_variables: actions.getInterviewVariables,
  action_call: actions.actionCall,
  action_perform: actions.actionPerform,
};

Object.assign(window, functions, {
  daRefreshSubmit: () => send.refresh(),
  getInterviewName: () => settings.interview,
  escape_id: encodeName,
});

// The same under names that other scripts of a page do not take: da_get_interview_variables, daGetField.
for (const [name, run] of Object.entries(functions)) {
  const camel = name.replace(/(^|_)([a-z])/g, (_, before, letter) => letter.toUpperCase());
  window[`da_${name}`] = run;
  window[`da${camel}`] = run;
}

// Through jQuery, so that an author's $(…).val('x').trigger('change') counts as well.
window.jQuery(document).on('input', (event) => {
  if (event.target.form?.id === 'daform') {
    keeping.touch(event.target);
    choices.onInput(event.target);
    visibility.refresh();   // conditions follow while one types, not only when the field is left
    checkins.onInput(event.target, Boolean(event.originalEvent?.isComposing));
  }
});

window.jQuery(document).on('change', (event) => {
  if (event.target.form?.id === 'daform') {
    keeping.touch(event.target);
    choices.onChange(event.target);
    visibility.refresh();
    checkins.onChange(event.target);
  }
});

applyColorScheme();
typing.start();
fill.start();
commands.start(send.refresh, send.isBusy);
help.start();
combobox.start();
send.start();
uploads.start();
limits.start();
browserHistory.start(send.back);
notices.start();
draw.onDrawn(browserHistory.inPlace);
draw.onDrawn(uploads.setUp);
draw.onDrawn(progress.onDrawn);
await draw.first();
