// ---- the members, and this node ----

const rows = new Map();

function drawMembers() {
  $('members-none').hidden = status.members.length > 0;
  $('members').parentElement.hidden = status.members.length === 0;
  const { voters, alive, majority, mayFail, lost } = status.quorum;
  const parts = [`${voters} ${voters === 1 ? 'voter' : 'voters'}`, ...alive < voters ? [`${voters - alive} dead`] : [], `a majority is ${majority}`,
    lost ? 'the quorum is lost' : mayFail === 0 ? 'none may fail' : `${mayFail} may fail`];
  text($('quorum'), voters === 0 ? '' : parts.join(', '));
  for (const [id, row] of rows) {
    if (!status.members.some(m => m.nodeId === id)) {
      row.line.remove();
      rows.delete(id);
    }
  }
  for (const member of status.members) {
    if (!rows.has(member.nodeId))
      rows.set(member.nodeId, newRow(member.nodeId));
    fillRow(rows.get(member.nodeId), member);
  }
}

// A row lives as long as its member, so that a button keeps the focus while the figures around it change.
function newRow(id) {
  const row = {
    name: make('b', {}, id), address: make('small'), role: make('span', { class: 'pill' }), state: make('span', { class: 'state' }), lag: make('span'), contact: make('span'),
    bar: make('rect', { height: 8, width: 0 }),
    transfer: make('button', { type: 'button', class: 'quiet small', onclick: () => transfer(id) }, 'Make leader'),
    promote: make('button', { type: 'button', class: 'quiet small', onclick: () => promote(id), 'aria-label': `Promote ${id}` }, 'Promote'),
    remove: make('button', { type: 'button', class: 'danger small', onclick: () => remove(id) }, 'Remove'),
  };
  row.replace = make('button', { type: 'button', class: 'quiet small', onclick: () => openReplace(id) }, 'Replace');
  row.replace.setAttribute('aria-label', `Replace ${id}`);
  row.transfer.setAttribute('aria-label', `Make ${id} the leader`);
  row.remove.setAttribute('aria-label', `Remove ${id}`);
  row.scale = make('svg', { viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, row.bar);
  row.line = make('tr', { role: 'row', 'data-node': id },
    make('td', { class: 'who', role: 'cell' }, row.name, row.address), make('td', { role: 'cell' }, row.role, ' ', row.state),
    make('td', { role: 'cell' }, make('div', { class: 'lag' }, row.scale, row.lag)), make('td', { role: 'cell' }, row.contact),
    make('td', { class: 'needs-admin', role: 'cell' },
      make('div', { class: 'buttons' }, row.promote, row.transfer, row.replace, row.remove)));
  $('members').append(row.line);
  return row;
}

function fillRow(row, member) {
  const own = member.nodeId === status.nodeId;
  text(row.address, own ? `${member.address} · this node` : member.address);
  const role = member.leader ? 'leader' : member.voter ? 'voter' : 'learner';
  text(row.role, role);
  row.role.className = `pill ${role}`;
  text(row.state, member.state);
  row.state.className = `state ${member.state === 'dead' ? 'bad' : member.state === 'lagging' ? 'mild' : ''}`;
  link(row, member.nodeId);
  const { first, commit, applied } = status.log;
  const match = member.match ?? (own ? applied : null);
  const lag = member.lag ?? (own ? commit - applied : null);
  row.scale.toggleAttribute('hidden', match === null);
  row.bar.setAttribute('width', lag ? Math.max(2, Math.min(100, lag / 10)) : 0);
  text(row.lag, lag === null ? 'not known' : lag === 0 ? 'none' : `${number(lag)} ${lag === 1 ? 'entry' : 'entries'}`);
  row.lag.className = lag === null ? 'note' : match < first - 1 ? 'warn' : '';
  text(row.contact, own ? 'this node' : heardOf(member));
  row.contact.className = member.state === 'dead' ? 'warn' : own ? 'note' : '';
  if (member.lostEntries) {
    text(row.contact, 'lost acknowledged entries, not counted');
    row.contact.className = 'warn';
  }
  row.transfer.hidden = member.leader || !member.voter || member.state === 'dead';
  row.promote.hidden = member.voter;
}

// The leader hears every member all the time, two others hear each other every few seconds: each observation with its own age.
function heardOf({ lastContactMs, leaderContactMs, leader, reportAgeMs }) {
  const here = lastContactMs === null ? 'never' : `${ago(lastContactMs)} ago`;
  if (leader || !reportAgeMs) return here;
  return `${leaderContactMs === null ? 'never' : `${ago(leaderContactMs)} ago`} by the leader, ${here} here`;
}

// The name of a member leads to its own dashboard where the app knows its address.
function link(row, id) {
  const address = id === status.nodeId ? undefined : status.dashboards[id];
  if ((row.name.firstElementChild?.getAttribute('href') ?? undefined) !== address)
    row.name.replaceChildren(address ? make('a', { href: address }, id) : id);
}

// ---- this node ----

function size(bytes) {
  if (bytes == null) return 'not known';
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = bytes < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${step === 0 ? bytes : (bytes / 1024 ** step).toFixed(1)} ${units[step]}`;
}

const durabilities = {
  'os-buffered': 'os-buffered: a power cut of a majority loses writes',
  memory: 'memory: a restart loses this copy, of a majority loses writes',
};

function drawOwn() {
  const { process: { version, workingSetBytes, heapBytes, availableBytes } } = status;
  const figures = {
    Version: version, Durability: durabilities[status.durability] ?? status.durability,
    'Free disk': size(status.freeDiskBytes) + (status.diskFull ? ', too little for more data' : ''),
    Memory: `${size(workingSetBytes)} of ${size(availableBytes)}`, 'Managed heap': size(heapBytes), 'Index of keys': size(status.keyIndexBytes),
    Watches: number(status.watches), 'Copies compared up to': number(status.log.verified),
  };
  const list = $('own');
  if (list.children.length === 0)
    list.append(...Object.keys(figures).map(name => make('div', {}, make('dt', {}, name), make('dd'))));
  Object.values(figures).forEach((value, i) => text(list.children[i].lastChild, value));
}

let stallsDrawn = '';

function drawStalls() {
  $('stalls-none').hidden = status.stalls.length > 0;
  const drawn = JSON.stringify(status.stalls);
  if (drawn === stallsDrawn) return;
  stallsDrawn = drawn;
  $('stalls').replaceChildren(...status.stalls.map(s => make('li', {}, make('span', { class: `pill ${s.ongoing ? 'bad' : ''}` }, s.cause),
    make('span', { class: 'cause' }, s.detail), make('span', { class: 'note' }, `${ago(s.durationMs)}${s.ongoing ? ' so far' : `, ${new Date(s.at).toLocaleTimeString()}`}`))));
}

