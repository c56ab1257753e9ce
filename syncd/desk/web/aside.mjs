// aside.mjs: changes that were kept aside: why, and what is done about them.
import { html, useState } from 'kit/html.mjs';
import { Button, Icon, toast } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './case_api.mjs';
import { deviceName, formName } from './case_words.mjs';
import { List, useList } from './list.mjs';
import { href } from './route.mjs';
import { Why } from './say.mjs';

const STATES = {
  waits: () => [tr('waits'), 'warning', 'clock'],
  released: () => [tr('released'), 'safe', 'check'],
  returned: () => [tr('returned'), 'tablet', 'back'],
};

export function AsideState({ item }) {
  const [words, tag, icon] = STATES[item.state]();

  return html`<span class="tag ${tag}"><${Icon} name=${icon} />${words}</span>${item.reason &&
    html` <span class="quiet small">${item.reason}</span>`}`;
}

export const settleWords = (release) => (release
  ? tr('Released. The tablets get it with the next sending.') : tr('Returned. Its author reads why.'));

export function Aside({ area, shared }) {
  const [all, setAll] = useState(false);
  const [asked, setAsked] = useState(null); // [item, release]
  const list = useList('aside', (after) => api.aside({ area, all: all ? '1' : '' }, after),
    [area, all]);
  const may = shared.me.may.includes('release');

  async function settle(reason) {
    const [item, release] = asked;

    await api.settle([item.dot], release, reason);
    toast(settleWords(release));
    setAsked(null);
    list.again();
  }
  return html`<label class="check"><input type="checkbox" checked=${all} onChange=${(event) =>
      setAll(event.currentTarget.checked)} />${tr('also what was settled')}</label>
    <${List} list=${list} label=${tr('Kept aside')} empty=${tr('Nothing was kept aside.')}
      columns=${[
      { id: 'title', label: tr('Title'), cell: (item) => `${item.title ||
        tr('(a record that is not known yet)')}${item.form ? ` · ${formName(item.form)}` : ''}`,
        href: (item) => href('conflicts', ['aside', item.dot]) },
      { id: 'why', label: tr('Why'), cell: (item) => item.why },
      { id: 'author', label: tr('Author'), cell: (item) => item.author?.name ?? '—' },
      { id: 'device', label: tr('On which tablet'), optional: true, cell: (item) =>
        deviceName(item.device) },
      { id: 'area', label: tr('Area'), optional: true, cell: (item) => item.area.name ||
        item.area.area },
      { id: 'since', label: tr('Since'), optional: true, cell: (item) => moment(item.since) },
      { id: 'state', label: tr('State'), cell: (item) => html`<${AsideState} item=${item} />` },
      ...(may ? [{ id: 'do', label: tr('Decide'), cell: (item) => item.state === 'waits' &&
        html`<span class="row"><${Button} onClick=${() => setAsked([item, true])}>${
          tr('Release')}</${Button}><${Button} onClick=${() => setAsked([item, false])}>${
          tr('Return')}</${Button}></span>` }] : []),
    ]} />
    ${asked && html`<${Why} title=${asked[1] ? tr('Release it') : tr('Return it')}
      hint=${asked[1] ? tr('You vouch for where it was made, by whom, and that it is meant.')
        : tr('Its author reads this reason, and does it again in the right way.')}
      action=${asked[1] ? tr('Release') : tr('Return')} onDone=${settle}
      onClose=${() => setAsked(null)}><p>${asked[0].why}</p></${Why}>`}`;
}
