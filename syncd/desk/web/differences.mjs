// differences.mjs: what is different between two versions of a form, and what that does to answers
// that are there. docs/console.md tells what the members mean.
import { html, useState } from 'kit/html.mjs';
import { Icon, Notice } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import { policyName } from './words.mjs';

const KINDS = {
  added: () => [tr('added'), 'safe', 'plus'],
  removed: () => [tr('gone'), 'error', 'minus'],
  changed: () => [tr('changed'), 'warning', 'edit'],
};

const PARTS = { setting: () => tr('Settings'), field: () => tr('Questions'),
  choice: () => tr('Choices'), file: () => tr('Tables with it') };

function Side({ text, label }) {
  return html`<div class="side-text"><span class="quiet small">${label}</span>
    <span class="cell-text">${text || '—'}</span></div>`;
}

function Line({ one }) {
  const [words, tag, icon] = KINDS[one.kind]();
  const said = (text) => (one.key === 'policy' ? policyName(text) : text);
  const name = one.part === 'choice' ? `${one.name}: ${one.choice}` : one.name;

  return html`<li class="difference"><div class="row"><span class="tag ${tag}"><${Icon}
      name=${icon} />${words}</span><strong lang="en">${name}</strong>
      ${one.property && html`<span>${one.property}${one.language
        ? ` · ${one.language}` : ''}</span>`}</div>
    ${(one.before || one.after) && html`<div class="sides">
      ${one.kind !== 'added' && html`<${Side} text=${said(one.before)} label=${tr('It said')} />`}
      ${one.kind !== 'removed' && html`<${Side} text=${said(one.after)} label=${tr('It says now')} />`}
      </div>`}
    ${one.effect && html`<p class="effect"><${Icon} name="warning" />${one.effect}</p>`}</li>`;
}

export function Differences({ list, more }) {
  const [onlyEffects, setOnlyEffects] = useState(false);
  const effects = list.filter((one) => one.effect).length;
  const shown = onlyEffects ? list.filter((one) => one.effect) : list;

  if (list.length === 0) return html`<p class="quiet">${tr('Nothing is different.')}</p>`;
  return html`<p role="status">${tr('{new} new, {gone} gone, {changed} changed.', {
      new: list.filter((one) => one.kind === 'added').length,
      gone: list.filter((one) => one.kind === 'removed').length,
      changed: list.filter((one) => one.kind === 'changed').length })}</p>
    ${effects > 0 && html`<${Notice} kind="warning">${tr(
      '{n} of them touch answers that are there already.', { n: effects })}
      <label class="check"><input type="checkbox" checked=${onlyEffects}
        onChange=${(event) => setOnlyEffects(event.currentTarget.checked)} />${
        tr('Only these')}</label></${Notice}>`}
    ${more && html`<${Notice} kind="warning">${tr('There are more than are shown here.')}
      </${Notice}>`}
    ${Object.entries(PARTS).map(([part, label]) => {
      const lines = shown.filter((one) => one.part === part);

      return lines.length > 0 && html`<section key=${part}><h3>${label()}</h3>
        <ul class="plain differences">${lines.map((one, at) => html`<${Line} key=${at}
          one=${one} />`)}</ul></section>`;
    })}`;
}
