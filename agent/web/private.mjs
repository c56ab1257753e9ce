// private.mjs: what the household must not see while it looks on, such as what neighbours said: covered
// until somebody uncovers it, and covered again when the page is left.
import { html, useState } from 'kit/html.mjs';
import { Button, Notice } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';

// A page of a form, or the page above it.
export function isPrivate(page, pages) {
  const has = (one) => one && one.nodes.some(({ question }) =>
    ` ${question.appearance ?? ''} `.includes(' private '));

  return Boolean(has(page) || has(pages.find((one) => one.id === page?.up)));
}

// show: the page itself, as a function, so that nothing of it is made before.
export function Private({ show }) {
  const [shown, setShown] = useState(false);

  return html`<div class="stack private">${shown
    ? html`<div class="row spread"><span class="tag warning">${
      tr('Not for the eyes of the household')}</span>
      <${Button} icon="lock" onClick=${() => setShown(false)}>${tr('Cover')}</${Button}></div>
      ${show()}`
    : html`<${Notice} icon="lock"><p><strong>${
      tr('This page is not for the household.')}</strong></p>
      <p>${tr('Open it outside, or when nobody looks on.')}</p>
      <${Button} icon="lock" onClick=${() => setShown(true)}>${tr('Uncover')}</${Button}>
      </${Notice}>`}</div>`;
}
