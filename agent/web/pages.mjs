// pages.mjs: the pages of somebody who is at work: a script of its own, so that the first page, on
// which one says who one is, need not wait for them.
import { Home } from './home.mjs';
import { NewRecord } from './begin.mjs';
import { Household } from './household.mjs';
import { Fill } from './fill.mjs';
import { Visit } from './visit.mjs';
import { Sign } from './sign.mjs';
import { setReceiver } from 'form/place.mjs';
import { position } from './api.mjs';
import { Sync } from './sync.mjs';
import { Settings } from './settings.mjs';
import { People } from './people.mjs';
import { Ready } from './ready.mjs';
import { Meetings, NewMeeting } from './meetings.mjs';
import { Meeting } from './meeting.mjs';
import { Voting } from './voting.mjs';
import { Papers } from './papers.mjs';

export const PAGES = { home: Home, new: NewRecord, record: Household, draft: Fill, visit: Visit,
  sign: Sign, sync: Sync, settings: Settings, ready: Ready, people: People,
  meetings: Meetings, 'new-meeting': NewMeeting, meeting: Meeting, voting: Voting, papers: Papers };

setReceiver(position);
