// counting.mjs: paper and hands: two tellers type what each has counted, one after the other and
// without seeing the other's numbers; only when both say the same it stands.
import { html, useState } from 'kit/html.mjs';
import { Button, Failure, Field, Icon, Notice } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './api.mjs';
import { REASONS } from 'form/meeting_words.mjs';

const EMPTY = { yes: '', no: '', abstain: '', invalid: '', unused: '', reasons: Array(6).fill('') };

function Numbers({ item, voters, teller, abstain, hands, onDone }) {
  const [given, setGiven] = useState(EMPTY);
  const [trouble, setTrouble] = useState(null);
  const put = (key) => (value) => setGiven({ ...given, [key]: value.replace(/\D/g, '') });
  // A raised hand is never spoilt.
  const kinds = [['yes', tr('Agree')], ['no', tr('Disagree')], abstain && ['abstain',
    tr('Abstained')], !hands && ['invalid', tr('Invalid')],
    ['unused', tr('Not used')]].filter(Boolean);
  const sum = kinds.reduce((all, [key]) => all + Number(given[key]), 0);

  async function enter() {
    try {
      const { entered } = await api.inMeeting(item.meeting, 'counts', { item: item.id, teller,
        ...Object.fromEntries(kinds.map(([key]) => [key, Number(given[key])])),
        reasons: given.reasons.map(Number) });

      setGiven(EMPTY);
      onDone(entered);
    } catch (failure) {
      setTrouble(failure);
    }
  }
  return html`<form class="stack" autocomplete="off" onSubmit=${(event) => event.preventDefault()}>
    <h3>${teller === 1 ? tr('The first teller counts') : tr('The second teller counts')}</h3>
    <div class="count-fields">${kinds.map(([key, label]) => html`<${Field} key=${key} label=${label}
      inputmode="numeric" value=${given[key]} onInput=${put(key)} />`)}</div>
    <details><summary>${tr('Reasons of those who disagree')}</summary><div
      class="count-fields">${REASONS().map((label, index) => html`<${Field} key=${index}
        label=${label} inputmode="numeric" value=${given.reasons[index]}
        onInput=${(value) => setGiven({ ...given, reasons: given.reasons.map((one, place) =>
          (place === index ? value.replace(/\D/g, '') : one)) })} />`)}</div></details>
    <p role="status" class="quiet">${tr('{sum} of {voters} ballots', { sum, voters })}</p>
    <${Failure} trouble=${trouble} />
    <div><${Button} kind="primary" disabled=${sum !== voters} onClick=${enter}>${
      tr('That is what I counted')}</${Button}></div></form>`;
}

function Household({ meeting, item, stands, onChange }) {
  const [teller, setTeller] = useState(1);
  const [differs, setDiffers] = useState(false);

  function done(entered) {
    setDiffers(entered === 'differs');
    setTeller(entered === 'waits' ? 2 : 1);
    if (entered === 'agreed') onChange();
  }
  return html`<section class="card stack" aria-label=${item.subject}><h2>${item.position} ${
      item.subject}</h2>
    ${differs && html`<${Notice} kind="error" role="alert">${
      tr('The two counts differ. Count the ballots again, both of you.')}</${Notice}>`}
    ${teller === 2 && html`<${Notice}>${
      tr('Kept. Now the other teller counts, without having seen the numbers.')}</${Notice}>`}
    <${Numbers} key=${teller} item=${{ ...item, meeting: meeting.id }} voters=${stands.voters}
      teller=${teller} abstain=${meeting.rules.values.abstain_allowed === 'yes'}
      hands=${meeting.mode === 'hands'} onDone=${done} />
    </section>`;
}

export function Counting({ meeting, voting, onChange }) {
  const stands = new Map(voting.counting.map((one) => [one.item, one]));
  const open = meeting.items.filter((one) => stands.has(one.id) && !stands.get(one.id).counted &&
    !stands.get(one.id).postponed);

  return html`${open.length > 0 ? html`<${Household} key=${open[0].id} meeting=${meeting}
      item=${open[0]} stands=${stands.get(open[0].id)} onChange=${onChange} />`
    : html`<${Notice}>${tr('All households are counted.')}</${Notice}>`}
    <ul class="list">${meeting.items.map((one) => html`<li key=${one.id} class="row"><span
      class="seat">${one.position}</span><span class="grow">${one.subject}</span>${
      stands.get(one.id)?.counted ? html`<span class="tag safe"><${Icon} name="check" />${
        tr('counted')}</span>` : stands.get(one.id)?.postponed && html`<span class="tag warning"
        ><${Icon} name="warning" />${tr('too few: another meeting')}</span>`}</li>`)}</ul>`;
}
