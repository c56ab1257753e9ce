// words.mjs: names of what the county's programs know by a word.
import { tr } from 'kit/words.mjs';

export const ROLES = ['village', 'investigator', 'clerk', 'township', 'county', 'admin', 'auditor',
  'city', 'joint', 'pollster'];

export function roleName(role) {
  return {
    village: tr('village worker'), investigator: tr('investigator'), clerk: tr('township clerk'),
    township: tr('township reviewer'), county: tr('county reviewer'), admin: tr('administrator'),
    auditor: tr('auditor'), city: tr('city supervisor'),
    joint: tr('joint reviewer'), pollster: tr('third-party pollster'),
  }[role] ?? role;
}

// What people write between codes: "430626, 430621104".
export function codes(text) {
  return text.split(/[\s,，、;；]+/).filter(Boolean);
}

// "平江县 430626", or the code alone.
export function areaName(area) {
  return area.name ? `${area.name} ${area.area}` : area.area;
}

// What becomes of different answers that stand side by side (schema/policy.h).
export function policyName(policy) {
  return {
    human: tr('somebody decides'), latest: tr('the latest'), max: tr('the largest'),
    min: tr('the smallest'), or: tr('yes, if anybody says so'), union: tr('all of them'),
    authority: tr('the best evidence'), once: tr('the first, for ever'),
    server: tr('only the county'),
  }[policy] ?? policy;
}
