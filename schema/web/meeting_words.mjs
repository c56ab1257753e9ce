// meeting_words.mjs: how things of a meeting are called, the rules in words, and the traditional
// tally. What the program says in whole sentences (results, problems) comes from it.
import { html } from 'kit/html.mjs';
import { tr } from 'kit/words.mjs';

export const modeWords = (mode) => ({ secret_device: tr('secret, on the tablet'),
  secret_paper: tr('secret, on paper'), hands: tr('by show of hands') })[mode] ?? tr('not chosen yet');

export const roleWords = (role) => ({ chair: tr('Chair'), recorder: tr('Recorder'),
  teller: tr('Teller'), member: tr('Member'), observer: tr('Observer') })[role] ?? role;

export const categoryWords = (category) => ['', tr('Township cadre'), tr('Party branch'),
  tr('Village committee'), tr('Supervision committee'), tr('Party representative'),
  tr('Deputy'), tr('Villagers’ representative'), tr('Other')][category] ?? '';

export const stepWords = (step) => ['', tr('The rules are explained'), tr('The facts are reported'),
  tr('Questions and discussion'), tr('The vote'), tr('The result is announced'),
  tr('Everybody signs')][step];

// In the order of the codes 1 to 6.
export const REASONS = () => [tr('income is not true'), tr('property is not true'),
  tr('people are not true'), tr('relatives could support them'), tr('hidden income'),
  tr('something else')];

export const RECUSALS = () => [[1, tr('near relative')], [2, tr('has an interest')],
  [3, tr('asked for it')], [9, tr('something else')]];

const base = (name) => ({ present: tr('those who are there and may vote'),
  valid: tr('the valid votes'), expected: tr('those who are due'),
  roster: tr('the active panel') })[name] ?? name;

// [rule, sentence] in the order in which people ask; what does not apply is left out.
export function ruleWords(values) {
  const is = (rule) => values[rule] === 'yes';
  const some = (rule) => values[rule] && values[rule] !== '0';

  return [
    ['min_members', tr('At least {n} people are due.', { n: values.min_members })],
    is('odd_required') && ['odd_required', tr('An odd number is due.')],
    ['quorum', tr('At least {share} of {whom} must come.', { share: values.quorum,
      whom: base(values.quorum_base) })],
    some('min_reps') && ['min_reps', tr('At least {share} of them are villagers’ representatives.',
      { share: values.min_reps })],
    some('max_committee') && ['max_committee', tr('At most {share} are of the village committee.',
      { share: values.max_committee })],
    ['min_voters', tr('At least {n} may vote on each household.', { n: values.min_voters })],
    ['threshold', is('threshold_strict')
      ? tr('More than {share} of {whom} must agree.', { share: values.threshold,
        whom: base(values.threshold_base) })
      : tr('At least {share} of {whom} must agree.', { share: values.threshold,
        whom: base(values.threshold_base) })],
    ['vote_modes', tr('Ways of voting: {modes}.', { modes: (values.vote_modes ?? '').split(' ')
      .map(modeWords).join('、') })],
    ['abstain_allowed', is('abstain_allowed') ? tr('People may abstain.')
      : tr('Nobody may abstain.')],
    is('reasons_required_on_no') && ['reasons_required_on_no', tr('Whoever says no says why.')],
    is('relatives_withdraw') && ['relatives_withdraw', tr('Near relatives withdraw.')],
    ['min_tellers', tr('There are at least {n} tellers.', { n: values.min_tellers })],
    is('observer_required') && ['observer_required', tr('Somebody of the township or county watches.')],
    ['secrecy_min', tr('Where fewer than {n} vote secretly, numbers are not told.',
      { n: values.secrecy_min })],
    ['secrecy_margin', tr('Nor where fewer than {n} votes differ from the others.',
      { n: values.secrecy_margin })],
  ].filter(Boolean);
}

export function Rules({ rules }) {
  return html`<ul class="rules">${ruleWords(rules.values).map(([rule, text]) => html`<li
    key=${rule}>${text}${rules.unstated.includes(rule) && html` <span class="tag">${
      tr('chosen by the county')}</span>`}</li>`)}</ul>`;
}

// ---- 正: five strokes, one for each vote, as tellers write on the board ----

const STROKES = ['M2 4H22', 'M12 4V21', 'M12 12H20', 'M6 11V21', 'M1 21H23'];

export function Board({ count }) {
  const whole = Array.from({ length: Math.ceil(count / 5) }, (_, index) =>
    Math.min(5, count - 5 * index));

  return html`<span class="board"><span class="board-marks" aria-hidden="true">${whole.map((strokes,
      index) => html`<svg key=${index} viewBox="0 0 24 24"><path d=${STROKES.slice(0, strokes)
        .join('')} /></svg>`)}</span><b>${count}</b></span>`;
}
