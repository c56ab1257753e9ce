// app.mjs: the console's pages: which one is shown, who is here, and what all of them share.
import { html, render, useEffect, useState } from 'kit/html.mjs';
import { Failure, Toasts } from 'kit/components.mjs';
import { onLocked } from 'kit/request.mjs';
import { recallPreferences } from 'kit/preferences.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './api.mjs';
import { Bar } from './frame.mjs';
import { forgetLists } from './list.mjs';
import { CodeStep, EnrolStep, FirstChange, Login, ResetNotice } from './login.mjs';
import { routeNow } from './route.mjs';
import { forgetAreas } from './areas.mjs';
import { Audit } from './audit.mjs';
import { Confirm } from './confirm.mjs';
import { Conflicts } from './conflicts.mjs';
import { Devices } from './devices.mjs';
import { Forms } from './forms.mjs';
import { Home } from './home.mjs';
import { Log } from './log.mjs';
import { Me } from './me.mjs';
import { Meetings } from './meetings.mjs';
import { People } from './people.mjs';
import { Records, forgetSearch } from './records.mjs';

const ME_MS = 60000; // how soon one sees that the login has ended

const may = (...abilities) => (me) => abilities.some((one) => me.may.includes(one));
const anybody = () => true;
// A pollster has no list, but the records that he was sent to.
const mayRecords = (me, words) => me.may.includes('read') ||
  (me.may.includes('assigned') && words.length > 0);

// Who sees a page: of the abilities of the role (schema/role.h), any. The server asks again.
// label: how the bar calls it; none: it is reached otherwise, and belongs under another one.
const PAGES = {
  home: { page: Home, may: anybody, label: () => tr('Today'), icon: 'home' },
  records: { page: Records, may: mayRecords, label: () => tr('Records'), icon: 'list' },
  conflicts: { page: Conflicts, may: may('read'), label: () => tr('Conflicts'), icon: 'conflict' },
  meetings: { page: Meetings, may: may('read'), label: () => tr('Meetings'), icon: 'pen' },
  devices: { page: Devices, may: may('manage', 'release', 'audit'), label: () => tr('Tablets'),
    icon: 'tablet' },
  people: { page: People, may: may('manage', 'audit'), label: () => tr('People'), icon: 'person' },
  forms: { page: Forms, may: anybody, label: () => tr('Forms'), icon: 'edit' },
  log: { page: Log, may: may('audit'), label: () => tr('Log'), icon: 'list' },
  audit: { page: Audit, may: may('audit'), label: () => tr('Audit'), icon: 'safe' },
  confirm: { page: Confirm, may: (me) => ['admin', 'county'].includes(me.role), under: 'home' },
  me: { page: Me, may: anybody },
};

// Nothing of anybody is left behind.
function forget() {
  forgetLists();
  forgetAreas();
  forgetSearch();
}

const pageOf = (me, { name, words }) => (PAGES[name]?.may(me, words) ? name : 'home');

function Desk({ me, setMe, again }) {
  const [route, setRoute] = useState(routeNow());

  useEffect(() => {
    const turn = () => setRoute((before) => {
      const now = routeNow();

      if (now.name !== before.name || now.words.join() !== before.words.join())
        window.scrollTo(0, 0);
      return now;
    });

    addEventListener('hashchange', turn);
    return () => removeEventListener('hashchange', turn);
  }, []);
  async function leave() {
    await api.logout().catch(() => {});
    forget();
    setMe({});
  }
  const name = pageOf(me, route);
  const { page: Page, under } = PAGES[name];
  const place = PAGES[under ?? name].label?.();

  // Browsers remember titles: so they name a place, never whom one looked at.
  useEffect(() => {
    document.title = [place, tr('Sunshine console')].filter(Boolean).join(' · ');
  }, [place]);
  const shared = { me, setMe, again, leave };

  return html`<${Bar} pages=${PAGES} current=${under ?? name} shared=${shared} />
    ${me.reset?.waits && html`<aside class="desk-notice" aria-label=${tr('New secret by')}>
      <${ResetNotice} reset=${me.reset} waits /></aside>`}
    <${Page} key=${`${name}/${route.words.join('/')}`} words=${route.words}
      filters=${route.filters} shared=${shared} />`;
}

function App() {
  const [me, setMe] = useState(null); // {} nobody
  const [trouble, setTrouble] = useState(null);
  const [, redraw] = useState(0);
  const again = () => redraw((n) => n + 1);

  async function look() {
    try {
      setMe(await api.me());
      setTrouble(null);
    } catch (failure) {
      if (failure.status === 401) setMe({});
      else setTrouble(failure);
    }
  }
  // Once the login has ended, nothing of anybody stays on the screen.
  useEffect(() => {
    onLocked(() => { forget(); setMe({}); });
    look();
    const timer = setInterval(() => api.me().catch(() => {}), ME_MS);

    return () => clearInterval(timer);
  }, []);

  if (trouble) return html`<main class="entry"><${Failure} trouble=${trouble}
    onAgain=${look} /></main>`;
  if (!me) return html`<main class="entry"><p class="quiet">${tr('One moment…')}</p></main>`;
  if (me.stage === 'change') return html`<${FirstChange} me=${me} onDone=${setMe}
    again=${again} />`;
  if (me.stage === 'code') return html`<${CodeStep} onDone=${setMe} again=${again}
    onLeave=${() => { api.logout().catch(() => {}); setMe({}); }} />`;
  if (me.stage === 'enrol') return html`<${EnrolStep} onDone=${look} again=${again} />`;
  if (me.stage !== 'done') return html`<${Login} onDone=${setMe} again=${again} />`;
  return html`<${Desk} me=${me} setMe=${setMe} again=${again} />`;
}

recallPreferences();
render(html`<${App} /><${Toasts} />`, document.getElementById('app'));
