// meetings.mjs: all meetings of this tablet, and calling a new one: who sits on the panel, who
// chairs, which households are heard, and by which rules.
import { html, useEffect, useState } from 'kit/html.mjs';
import { Button, Failure, Field, Icon, Notice } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { useFound } from 'kit/found.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './api.mjs';
import { go } from './route.mjs';
import { Frame } from './frame.mjs';
import { areaName } from './home.mjs';
import { Rules, categoryWords } from 'form/meeting_words.mjs';

function Join() {
  const [code, setCode] = useState('');
  const [trouble, setTrouble] = useState(null);

  async function join() {
    try {
      const { id } = await api.joinMeeting(code.trim());
      go('voting', id, code.trim());
    } catch (failure) {
      setTrouble(failure);
    }
  }
  return html`<details class="card"><summary>${tr('This is the second tablet of a meeting')}</summary>
    <div class="stack"><${Field} label=${tr('Code of the first tablet')} value=${code}
      onInput=${setCode} /><${Failure} trouble=${trouble} />
    <div><${Button} disabled=${!code.trim()} onClick=${join}>${tr('Join the meeting')}</${Button}>
    </div></div></details>`;
}

export function Meetings({ shared }) {
  const { found, trouble, again } = useFound(api.meetings);
  const list = found?.meetings;

  return html`<${Frame} title=${tr('Meetings')} back="#/" shared=${shared} foot=${html`<span></span>
      <a class="button primary" href="#/new-meeting"><${Icon} name="plus" />${tr('New meeting')}</a>`}>
    <${Failure} trouble=${trouble} onAgain=${again} />
    ${list?.length === 0 && html`<p class="quiet">${
      tr('No meeting has been called yet. Call it at the office and send it to both tablets.')}</p>`}
    <ul class="list">${(list ?? []).map((one) => html`<li key=${one.id}><a class="item"
      href="#/meeting/${encodeURIComponent(one.id)}"><span class="grow"><strong>${one.title}</strong>
      <span class="quiet block small">${[areaName(one), tr('{n} households', { n: one.households }),
        tr('{present} of {due} present', { present: one.present, due: one.due }),
        tr('changed {when}', { when: moment(one.changed) })].join(' · ')}</span></span>
      <span class="tag">${one.state_words}</span><${Icon} name="next" /></a></li>`)}</ul>
    <${Join} />
  </${Frame}>`;
}

// ---- a new one ----

// The active members of a panel, as its record tells (docs/api.md).
function membersOf(record) {
  const repeat = record.values.find((item) => item.kind === 'repeat' && item.path === 'member');

  return (repeat?.instances ?? []).map((one) => Object.fromEntries(one.values.map((cell) =>
    [cell.name, cell]))).filter((one) => one.active?.value === '1');
}

function Panel({ panels, panel, onPick }) {
  const [members, setMembers] = useState([]);

  useEffect(() => {
    setMembers([]);
    if (panel) api.record(panel).then((record) => setMembers(membersOf(record)), () => {});
  }, [panel]);
  return html`<section class="card stack" aria-labelledby="panel"><h2 id="panel">${
      tr('The panel')}</h2>
    <div class="choices">${panels.map((one) => html`<label class="choice" key=${one.id}>
      <input type="radio" name="panel" checked=${panel === one.id} onChange=${() => onPick(one)} />
      <span>${one.title} <span class="quiet">${areaName(one)}</span></span></label>`)}</div>
    ${panels.length === 0 && html`<${Notice} kind="warning">${
      tr('There is no panel on this tablet. Fill in the form of the panel first.')}</${Notice}>`}
    ${members.length > 0 && html`<p>${tr('{n} members are due:', { n: members.length })}</p>
      <ul class="names">${members.map((one) => html`<li key=${one.name?.value}>${one.name?.value}
        <span class="quiet small"> ${categoryWords(Number(one.category?.value))}</span></li>`)}
      </ul>`}</section>`;
}

function Households({ area, chosen, onToggle }) {
  const [words, setWords] = useState('');
  const [found, setFound] = useState([]);

  useEffect(() => {
    let wanted = true;

    if (area) api.households(area, words.trim()).then((answer) => wanted &&
      setFound(answer.records.sort((one, other) => one.title.localeCompare(other.title, 'zh',
        { numeric: true }))), () => {});
    return () => {
      wanted = false;
    };
  }, [area, words]);
  const all = found.length > 0 && found.every((one) => chosen.has(one.id));

  return html`<section class="card stack" aria-labelledby="heard"><h2 id="heard">${
      tr('Households to be heard: {n}', { n: chosen.size })}</h2>
    <${Field} label=${tr('Search a household')} value=${words} onInput=${setWords} />
    ${found.length > 1 && html`<label class="choice"><input type="checkbox" checked=${all}
      onChange=${() => onToggle(found.filter((one) => all || !chosen.has(one.id)))} /><span>${
      tr('All {n} that are shown', { n: found.length })}</span></label>`}
    <div class="choices scroll" tabindex="0" role="group" aria-labelledby="heard">${found.map((one) =>
      html`<label class="choice" key=${one.id}><input type="checkbox" checked=${chosen.has(one.id)}
        onChange=${() => onToggle([one])} /><span>${one.title || tr('Without a name')}</span>
        </label>`)}</div></section>`;
}

export function NewMeeting({ shared }) {
  const [panels, setPanels] = useState(null);
  const [panel, setPanel] = useState(null);
  const [rules, setRules] = useState(null);
  const [chosen, setChosen] = useState(new Map());
  const [text, setText] = useState({ title: '', place: '', chair: '', recorder: '', teller1: '',
    teller2: '', observer: '' });
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState(null);
  const put = (key) => (value) => setText((before) => ({ ...before, [key]: value }));

  useEffect(() => {
    api.panels().then((answer) => {
      setPanels(answer.records);
      if (answer.records.length === 1) setPanel(answer.records[0]);
    }, setTrouble);
  }, []);
  useEffect(() => {
    if (panel) api.rules(panel.area).then(setRules, setTrouble);
  }, [panel]);
  function toggle(list) {
    const next = new Map(chosen);

    for (const one of list) if (!next.delete(one.id)) next.set(one.id, one.title);
    setChosen(next);
  }
  async function call() {
    setBusy(true);
    try {
      const { id } = await api.newMeeting({ area: panel.area, panel: panel.id, title: text.title,
        place: text.place, chair: text.chair, recorder: text.recorder, observer: text.observer,
        tellers: [text.teller1, text.teller2].filter((name) => name.trim()),
        households: [...chosen.keys()] });

      shared.refresh();
      go('meeting', id);
    } catch (failure) {
      setTrouble(failure);
      setBusy(false);
      scrollTo(0, 0);
    }
  }
  return html`<${Frame} title=${tr('New meeting')} back="#/meetings" shared=${shared}
    foot=${html`<span class="quiet">${tr('Households to be heard: {n}', { n: chosen.size })}</span>
      <${Button} kind="primary" after="next" busy=${busy} onClick=${call}
        disabled=${!panel || !text.title.trim() || chosen.size === 0}>${
        tr('Call the meeting')}</${Button}>`}>
    <${Failure} trouble=${trouble} />
    <section class="card stack"><${Field} label=${tr('Name of the meeting')} value=${text.title}
        hint=${tr('such as: first quarter of 2027')} onInput=${put('title')} />
      <${Field} label=${tr('Place')} value=${text.place} onInput=${put('place')} /></section>
    ${panels && html`<${Panel} panels=${panels} panel=${panel?.id} onPick=${setPanel} />`}
    <section class="card stack"><${Field} label=${tr('Chair')} value=${text.chair}
        onInput=${put('chair')} />
      <${Field} label=${tr('Recorder')} value=${text.recorder} onInput=${put('recorder')} />
      <${Field} label=${tr('First teller')} value=${text.teller1} onInput=${put('teller1')} />
      <${Field} label=${tr('Second teller')} value=${text.teller2} onInput=${put('teller2')} />
      <${Field} label=${tr('Observer of the township or county')} value=${text.observer}
        onInput=${put('observer')} /></section>
    ${panel && html`<${Households} area=${panel.area} chosen=${chosen} onToggle=${toggle} />`}
    ${rules && html`<section class="card stack"><h2>${tr('Rules: {name}', { name: rules.profile })}
      </h2><p class="quiet small">${
        tr('They are written down when the meeting opens, and hold for all of it.')}</p>
      <${Rules} rules=${rules} /></section>`}
  </${Frame}>`;
}
