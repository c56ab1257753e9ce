// sessions.mjs: where somebody is logged in, each to be ended. path: of the API.
import { html } from 'kit/html.mjs';
import { Button, Failure } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { useFound } from 'kit/found.mjs';
import { get, post } from 'kit/request.mjs';
import { tr } from 'kit/words.mjs';

// What browsers call themselves says too much and too little.
function browserName(agent) {
  return /(Edg|OPR|Firefox|Chrome|Safari)[\w]*\/[\d]+/.exec(agent)?.[0].replace('/', ' ') ?? agent;
}

export function Sessions({ path, mayEnd }) {
  const { found, trouble, setTrouble, again } = useFound(() => get(path), [path]);
  const items = found?.items;
  const end = (item) => async () => {
    await post(`${path}/${item.session}/end`).catch(setTrouble);
    again();
  };

  return html`<${Failure} trouble=${trouble} onAgain=${again} />
    ${items?.length === 0 && html`<p class="quiet">${tr('Nowhere.')}</p>`}
    ${items?.length > 0 && html`<ul class="plain">${items.map((item) => html`
      <li class="row spread" key=${item.session}><span>${browserName(item.browser)} · ${item.address}
        <span class="quiet block small">${tr('since {when}, used {last}',
          { when: moment(item.since), last: moment(item.used) })}</span></span>
        ${item.self ? html`<span class="tag safe">${tr('here')}</span>`
          : mayEnd && html`<${Button} onClick=${end(item)}>${tr('Log out there')}</${Button}>`}
      </li>`)}</ul>`}`;
}
