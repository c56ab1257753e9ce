// preferences.mjs: how this screen likes to be read: language and light. They say nothing about
// anybody, and are the only things that a page leaves in the browser; the launcher's browser
// forgets them, too, when it ends.
import { speak } from './words.mjs';

function recall(name) {
  try {
    return localStorage.getItem(`yg.${name}`);
  } catch {
    return null; // a browser that keeps nothing at all
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(`yg.${name}`, value);
  } catch {
    // The choice lasts as long as the page.
  }
}

export function setLanguage(name) {
  speak(name);
  keep('language', name);
}

export const isOutdoors = () => document.documentElement.hasAttribute('data-outdoors');

export function setOutdoors(is) {
  document.documentElement.toggleAttribute('data-outdoors', is);
  keep('light', is ? 'out' : 'in');
}

// Whoever opened this browser may have said a language; one that was chosen here counts more.
function languageSaid() {
  const said = new URLSearchParams(location.search).get('language');

  if (said === null) return null;
  history.replaceState(history.state, '', location.pathname + location.hash);
  return ['zh', 'en'].includes(said) ? said : null;
}

export function recallPreferences() {
  const said = languageSaid();
  const chosen = recall('language') ?? said;

  if (chosen !== null) setLanguage(chosen);
  else speak('zh');
  document.documentElement.toggleAttribute('data-outdoors', recall('light') === 'out');
}
