// meeting.mjs: one meeting, as far as it has come: who is due and has signed in, the six steps, the
// households with who withdraws, then the results, the signatures and the papers. Voting itself has
// a page of its own (voting.mjs).
import { html, useState } from 'kit/html.mjs';
import { Button, Dialog, Failure, Field, Icon, Notice, toast } from 'kit/components.mjs';
import { clock } from 'kit/format.mjs';
import { useFound } from 'kit/found.mjs';
import { tr } from 'kit/words.mjs';
import { Pad } from 'form/signature.mjs';
import * as api from './api.mjs';
import { go } from './route.mjs';
import { Frame } from './frame.mjs';
import { areaName } from './home.mjs';
import { RECUSALS, Rules, categoryWords, modeWords, roleWords, stepWords }
  from 'form/meeting_words.mjs';
import { Result } from 'form/meeting_result.mjs';

// A signature as the program takes it.
export async function hexOf(blob) {
  return Array.from(new Uint8Array(await blob.arrayBuffer()), (byte) =>
    byte.toString(16).padStart(2, '0')).join('');
}

// Seats as people write them: "7-11 13" or "7，8".
export function seatsOf(text) {
  return text.split(/[\s,，、]+/).filter(Boolean).flatMap((part) => {
    const [from, to] = part.split('-').map(Number);

    return Array.from({ length: Math.max(1, Math.min(64, (to || from) - from + 1)) },
      (_, index) => from + index);
  });
}

// ---- who is there ----

function Members({ meeting, act, canSign }) {
  const [signing, setSigning] = useState(null);
  const there = meeting.members.filter((one) => one.present).length;

  async function keep(blob) {
    await act('sign-in', { seats: [signing.seat], signature: blob ? await hexOf(blob) : '' }, true);
    setSigning(null);
  }
  return html`<section class="card stack" aria-labelledby="members"><h2 id="members">${
      tr('{present} of {due} present', { present: there, due: meeting.members.length })}</h2>
    <ul class="members">${meeting.members.map((one) => html`<li key=${one.id}>
      <span class="seat">${one.seat}</span><span class="grow"><strong>${one.name}</strong>
      <span class="quiet small block">${categoryWords(one.category)}</span></span>
      ${one.present && html`<span class="tag safe"><${Icon} name="check" />${one.signed
        ? tr('signed in') : tr('present')}</span>`}
      ${canSign && !one.signed && html`<${Button} icon="pen" onClick=${() => setSigning(one)}>${
        tr('Sign in: {seat}', { seat: one.seat })}</${Button}>`}
      </li>`)}</ul>
    ${signing && html`<${Pad} kind="signature" title=${tr('{seat}: {name} signs in',
      { seat: signing.seat, name: signing.name })} onDone=${keep}
      onClose=${() => setSigning(null)} />`}
    ${canSign && there < meeting.members.length && html`<details><summary>${
      tr('Somebody signs on paper')}</summary><div class="row">${meeting.members
      .filter((one) => !one.present).map((one) => html`<${Button} key=${one.id}
        onClick=${() => act('sign-in', { seats: [one.seat] })}>${
        tr('{name} is here', { name: one.name })}</${Button}>`)}</div></details>`}
  </section>`;
}

// ---- the steps ----

function Steps({ meeting, act, canDo }) {
  return html`<section class="card stack" aria-labelledby="steps"><h2 id="steps">${
      tr('The six steps')}</h2>
    <ol class="members">${meeting.steps.map((done, index) => html`<li key=${index}>
      <span class="seat">${index + 1}</span><span class="grow">${stepWords(index + 1)}</span>
      ${done ? html`<span class="tag safe"><${Icon} name="check" />${
        meeting.papers[`step${index + 1}_at`] ? clock(meeting.papers[`step${index + 1}_at`])
          : tr('done')}</span>`
        : canDo && index !== 3 && index !== 5 && html`<${Button}
          onClick=${() => act('step', { step: index + 1 })}>${tr('Done: {step}',
            { step: stepWords(index + 1) })}</${Button}>`}</li>`)}</ol></section>`;
}

// ---- the households ----

function Recuse({ meeting, item, act, onClose }) {
  const [seat, setSeat] = useState(0);
  const [reason, setReason] = useState(1);

  return html`<${Dialog} title=${tr('Who withdraws from {name}?', { name: item.subject })}
      onClose=${onClose}>
    <fieldset class="stack"><legend class="label">${tr('Member')}</legend><div class="choices scroll"
      tabindex="0">${meeting.members.filter((one) => !item.recused.includes(one.seat)).map((one) =>
      html`<label class="choice" key=${one.id}><input type="radio" name="seat"
        checked=${seat === one.seat} onChange=${() => setSeat(one.seat)} />
        <span>${one.seat} ${one.name}</span></label>`)}</div></fieldset>
    <fieldset class="stack"><legend class="label">${tr('Why')}</legend><div
      class="choices">${RECUSALS().map(([code, words]) => html`<label class="choice" key=${code}>
        <input type="radio" name="why" checked=${reason === code}
          onChange=${() => setReason(code)} /><span>${words}</span></label>`)}</div></fieldset>
    <div class="row spread"><${Button} onClick=${onClose}>${tr('Cancel')}</${Button}>
      <${Button} kind="primary" disabled=${!seat} onClick=${async () => {
        await act('recuse', { item: item.id, seat, reason });
        onClose();
      }}>${tr('Withdraws')}</${Button}></div></${Dialog}>`;
}

function Agenda({ meeting, act, isOpen }) {
  const [item, setItem] = useState(null);
  const over = ['closed', 'signed'].includes(meeting.state);

  return html`<section class="stack" aria-labelledby="agenda"><h2 id="agenda">${
      tr('{n} households', { n: meeting.items.length })}</h2>
    <ul class="list">${meeting.items.map((one) => html`<li key=${one.id} class="card stack-small">
      <div class="row"><span class="seat">${one.position}</span><strong class="grow">${
        one.subject}</strong>
        ${isOpen && one.few && html`<span class="tag warning"><${Icon} name="warning" />${
          tr('few may vote')}</span>`}
        ${isOpen && html`<${Button} onClick=${() => setItem(one)}>${
          tr('Somebody withdraws: {n}', { n: one.position })}</${Button}>`}</div>
      ${one.recused.length > 0 && html`<p class="quiet small">${tr('Withdrawn: {names}', {
        names: one.recused.map((seat) => meeting.members.find((member) => member.seat === seat)?.name
          ?? seat).join('、') })}</p>`}
      ${over && html`<${Result} result=${one.result} />`}</li>`)}</ul>
    ${item && html`<${Recuse} meeting=${meeting} item=${item} act=${act}
      onClose=${() => setItem(null)} />`}</section>`;
}

// ---- beginning to vote ----

const secretError = (text) => (text && text.length < 6 ? tr('At least 6 characters.') : '');

export function Secrets({ chair, teller, onChair, onTeller, isNew }) {
  return html`<${Field} type="password" label=${tr('One-time secret of the chair')} value=${chair}
      hint=${isNew && tr('Thought up just now, told to nobody, forgotten after the meeting.')}
      error=${isNew && secretError(chair)} onInput=${onChair} />
    <${Field} type="password" label=${tr('One-time secret of the teller')} value=${teller}
      error=${isNew && (secretError(teller) || (teller && teller === chair &&
        tr('The two think of different ones.')))} onInput=${onTeller} />`;
}

function Begin({ meeting, onClose }) {
  const modes = meeting.rules.values.vote_modes.split(' ');
  const few = meeting.items.filter((one) => one.few);
  const [mode, setMode] = useState(meeting.mode ?? modes[0]);
  const [seats, setSeats] = useState('');
  const [told, setTold] = useState(false);
  const [chair, setChair] = useState('');
  const [teller, setTeller] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState(null);
  const secret = mode === 'secret_device';
  const ready = (!secret || (chair.length >= 6 && teller.length >= 6 && chair !== teller)) &&
    (few.length === 0 || mode === 'hands' || told);

  async function begin() {
    setBusy(true);
    try {
      await api.inMeeting(meeting.id, 'voting', { mode, seats: seatsOf(seats), few: told,
        ...(secret ? { chair, teller } : {}) });
      go('voting', meeting.id);
    } catch (failure) {
      setTrouble(failure);
      setBusy(false);
    }
  }
  return html`<${Dialog} title=${tr('Begin to vote')} onClose=${onClose} wide>
    <fieldset class="stack"><legend class="label">${tr('Way of voting')}</legend>
      <div class="choices">${modes.map((one) => html`<label class="choice" key=${one}><input
        type="radio" name="mode" checked=${mode === one} disabled=${meeting.mode &&
          meeting.mode !== one} onChange=${() => setMode(one)} /><span>${modeWords(one)}</span>
        </label>`)}</div></fieldset>
    ${few.length > 0 && mode !== 'hands' && html`<${Notice} kind="warning"><p>${
      tr('So few may vote on these that the result could tell how somebody voted: {names}.',
        { names: few.map((one) => one.subject).join('、') })}</p>
      <label class="choice"><input type="checkbox" checked=${told}
        onChange=${(event) => setTold(event.currentTarget.checked)} /><span>${
        tr('Everybody in the room has been told.')}</span></label></${Notice}>`}
    ${secret && html`<${Secrets} chair=${chair} teller=${teller} onChair=${setChair}
        onTeller=${setTeller} isNew />
      <${Field} label=${tr('Seats that vote on this tablet')} value=${seats}
        hint=${tr('Empty: all. With a second tablet such as 1-6.')} onInput=${setSeats} />`}
    <p class="quiet small">${
      tr('Once voting has begun nobody withdraws any more, and the meeting only goes forward.')}</p>
    <${Failure} trouble=${trouble} />
    <div class="row spread"><${Button} onClick=${onClose}>${tr('Cancel')}</${Button}>
      <${Button} kind="primary" busy=${busy} disabled=${!ready} onClick=${begin}>${
        tr('Begin to vote')}</${Button}></div></${Dialog}>`;
}

// ---- two tablets ----

function Pair({ meeting }) {
  const [seats, setSeats] = useState('');
  const [code, setCode] = useState('');
  const [trouble, setTrouble] = useState(null);

  async function pair() {
    try {
      setCode((await api.inMeeting(meeting.id, 'pair', { seats: seatsOf(seats) })).code);
      setTrouble(null);
    } catch (failure) {
      setTrouble(failure);
    }
  }
  return html`<details class="card"><summary>${tr('A second tablet')}</summary><div class="stack">
    <${Field} label=${tr('Seats that vote on the second tablet')} value=${seats}
      hint=${tr('such as 7-11; all of them: it is the booth')} onInput=${setSeats} />
    <${Failure} trouble=${trouble} />
    <div><${Button} disabled=${!seats.trim()} onClick=${pair}>${tr('Make a code')}</${Button}></div>
    ${code && html`<${Notice}><p>${tr('Type this on the second tablet:')}</p>
      <p class="code">${code}</p></${Notice}>`}</div></details>`;
}

function Parts({ meeting, act }) {
  const [part, setPart] = useState('');
  const [own, setOwn] = useState('');

  return html`<details class="card"><summary>${tr('Results of two tablets')}</summary>
    <div class="stack">
    <div><${Button} onClick=${() => api.partOf(meeting.id).then((answer) => setOwn(answer.part),
      (failure) => toast(failure.message))}>${tr('Show this tablet’s result')}</${Button}></div>
    ${own && html`<label class="field"><span class="label">${tr('Carry this to the other tablet')}
      </span><textarea class="input" readonly value=${own}></textarea></label>`}
    <label class="field"><span class="label">${tr('Result of the other tablet')}</span>
      <textarea class="input" value=${part} autocomplete="off" spellcheck=${false}
        onInput=${(event) => setPart(event.currentTarget.value)}></textarea></label>
    <div><${Button} disabled=${!part.trim()} onClick=${() => act('take', { part: part.trim() })}>${
      tr('Add it')}</${Button}></div>
    <p class="quiet small">${
      tr('It also comes by the county when both have sent; twice is once.')}</p></div></details>`;
}

// ---- signing ----

function Sign({ meeting, act }) {
  const [signers, setSigners] = useState(() => [['chair', meeting.chair],
    ['recorder', meeting.recorder], ...meeting.papers.tellers.map((name) => ['teller', name]),
    ['observer', meeting.observer]].filter(([, name]) => name)
    .map(([role, name]) => ({ role, name, signature: '' })));
  const [at, setAt] = useState(null);
  const [busy, setBusy] = useState(false);
  // Votes of somebody who has not signed in: who is there, and the other tablet's result, may be
  // still to come.
  const missing = meeting.items.some((one) => one.result.state === 'open' ||
    one.result.missing.length > 0 || one.result.voids.includes('stranger'));
  const [incomplete, setIncomplete] = useState(false);

  async function keep(blob) {
    const signature = await hexOf(blob);

    setSigners(signers.map((one, index) => (index === at ? { ...one, signature } : one)));
    setAt(null);
  }
  return html`<section class="card stack" aria-labelledby="sign"><h2 id="sign">${
      tr('Everybody signs')}</h2>
    <p>${tr('With the signatures the meeting is sealed. A mistake is mended by a new meeting only.')}
    </p>
    <ul class="members">${signers.map((one, index) => html`<li key=${one.role + one.name}>
      <span class="grow"><strong>${one.name}</strong> <span class="quiet small">${
        roleWords(one.role)}</span></span>
      ${one.signature ? html`<span class="tag safe"><${Icon} name="check" />${tr('has signed')}</span>`
        : html`<${Button} icon="pen" onClick=${() => setAt(index)}>${
          tr('{name} signs', { name: one.name })}</${Button}>`}</li>`)}</ul>
    ${missing && html`<label class="choice"><input type="checkbox" checked=${incomplete}
      onChange=${(event) => setIncomplete(event.currentTarget.checked)} /><span>${
      tr('Votes or sign-ins are missing. Sign nevertheless: these households are voted on again.')
      }</span></label>`}
    <div class="row spread"><span></span><${Button} kind="primary" icon="lock" busy=${busy}
      disabled=${!signers.some((one) => one.signature) || (missing && !incomplete)}
      onClick=${async () => {
        setBusy(true);
        await act('sign', { signers: signers.filter((one) => one.signature), incomplete });
        setBusy(false);
      }}>${tr('Seal the meeting')}</${Button}></div>
    ${at !== null && html`<${Pad} kind="signature" title=${tr('{name} signs',
      { name: signers[at].name })} onDone=${keep} onClose=${() => setAt(null)} />`}</section>`;
}

// ---- the page ----

function Head({ meeting }) {
  const facts = [[tr('Place'), meeting.place], [tr('Chair'), meeting.chair],
    [tr('Recorder'), meeting.recorder], [tr('Tellers'), meeting.papers.tellers.join('、')],
    [tr('Observer'), meeting.observer], [tr('Way of voting'), meeting.mode &&
      modeWords(meeting.mode)]].filter(([, value]) => value);

  return html`<section class="card stack"><p class="row"><span class="tag">${meeting.state_words}
      </span><span class="quiet">${areaName(meeting)}</span></p>
    <dl class="facts">${facts.map(([name, value]) => html`<div class="fact" key=${name}><dt>${name}
      </dt><dd>${value}</dd></div>`)}</dl>
    ${meeting.result_short && html`<${Notice}><p>${
      tr('Result, for everybody to write down or to photograph:')}</p>
      <p class="code">${meeting.result_short}</p></${Notice}>`}</section>`;
}

export function Meeting({ words, shared }) {
  const { found: meeting, trouble, setTrouble, again } = useFound(() => api.meeting(words[0]));
  const [begins, setBegins] = useState(false);

  // isHeard: whoever asked shows what went wrong himself.
  async function act(verb, what, isHeard) {
    try {
      await api.inMeeting(words[0], verb, what);
      await again();
      shared.refresh();
    } catch (failure) {
      if (isHeard) throw failure;
      setTrouble(failure);
      scrollTo(0, 0);
    }
  }
  const state = meeting?.state;
  const over = ['closed', 'signed'].includes(state);
  const primary = {
    planned: html`<${Button} kind="primary" after="next" onClick=${() => act('open')}>${
      tr('Open the meeting')}</${Button}>`,
    open: html`<${Button} kind="primary" after="next" onClick=${() => setBegins(true)}
      disabled=${!meeting?.members.some((one) => one.present)}>${tr('Begin to vote')}</${Button}>`,
    voting: html`<a class="button primary" href="#/voting/${encodeURIComponent(words[0])}"><span>${
      tr('Go on with the voting')}</span><${Icon} name="next" /></a>`,
  }[state] ?? html`<a class="button primary" href="#/papers/${encodeURIComponent(words[0])}"><span>${
    tr('Papers to print')}</span><${Icon} name="next" /></a>`;

  return html`<${Frame} title=${meeting?.title ?? tr('Meeting')} back="#/meetings" shared=${shared}
      foot=${meeting && html`<a class="button plain"
        href="#/record/${encodeURIComponent(words[0])}"><${Icon} name="list" />${
        tr('Minutes, photos, history')}</a>${primary}`}>
    <${Failure} trouble=${trouble} onAgain=${again} />
    ${meeting && html`<${Head} meeting=${meeting} />
      ${meeting.problems.length > 0 && over && html`<${Notice} kind="warning"><ul>${
        meeting.problems.map((one) => html`<li key=${one.name}>${one.text}</li>`)}</ul></${Notice}>`}
      ${state === 'closed' && html`<${Parts} meeting=${meeting} act=${act} />
        <${Sign} meeting=${meeting} act=${act} />`}
      ${state !== 'planned' && html`<${Steps} meeting=${meeting} act=${act}
        canDo=${state !== 'signed'} />`}
      ${!over && html`<${Members} meeting=${meeting} act=${act}
        canSign=${['open', 'voting'].includes(state)} />`}
      <${Agenda} meeting=${meeting} act=${act} isOpen=${state === 'open'} />
      ${over && html`<${Members} meeting=${meeting} act=${act} />`}
      ${state === 'open' && html`<${Pair} meeting=${meeting} />`}
      ${meeting.rules && html`<details class="card"><summary>${tr('Rules: {name}',
        { name: meeting.rules.profile })}</summary><${Rules} rules=${meeting.rules} /></details>`}
      ${begins && html`<${Begin} meeting=${meeting} onClose=${() => setBegins(false)} />`}`}
  </${Frame}>`;
}
