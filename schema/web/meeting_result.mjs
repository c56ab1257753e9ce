// meeting_result.mjs: what came of one household, in words with the numbers next to them.
import { html } from 'kit/html.mjs';
import { Icon } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import { Board } from './meeting_words.mjs';

const KINDS = { passed: ['safe', 'check'], failed: ['warning', 'warning'], void: ['error', 'error'],
  open: ['', 'clock'] };

export function Result({ result }) {
  const [kind, icon] = KINDS[result.state];

  return html`<p class="row"><span class="tag ${kind}"><${Icon} name=${icon} />${
      result.state_words}</span><span>${result.next_words}</span></p>
    ${result.withheld ? html`<p class="quiet small">${
      tr('The numbers are not told: they would tell how somebody voted.')}</p>`
      : result.yes !== null && html`<${Boards} result=${result} />`}
    <details><summary>${tr('How this came about')}</summary><ul class="rules">${result.parts.map((part,
      index) => html`<li key=${index}><${Icon} name=${part.ok ? 'check' : 'warning'} /> ${
      part.text}</li>`)}</ul></details>`;
}

export function Boards({ result }) {
  return html`<dl class="boards">${[[tr('Agree'), result.yes], [tr('Disagree'), result.no],
    [tr('Abstained'), result.abstain], [tr('Invalid'), result.invalid],
    [tr('Not used'), result.unused]].filter(([, count], index) => index < 3 || count > 0)
    .map(([name, count]) => html`<div key=${name}><dt>${name}</dt><dd><${Board} count=${count} />
      </dd></div>`)}</dl>`;
}
