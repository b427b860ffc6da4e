'use strict';
const base = location.pathname.replace(/\/+$/, '');
const $ = id => document.getElementById(id);
const number = new Intl.NumberFormat('en').format;
const reachable = 2000;      // milliseconds without a word after which a node counts as silent
const silence = 5000;        // the same for the stream of events, which speaks every second
const span = 120_000;        // milliseconds on the chart
const shown = 96;            // entries in the picture of the log's end

let status = null;           // the last event
let heard = 0;               // when it came, by this browser's clock
let source = null;
let samples = [];            // {at, rate, ms: {median, longest} or null}
let sampled = null;          // {at, commit} of the last sample

/** An element with attributes and children; text is never taken for markup. */
function make(tag, attributes, ...children) {
  const svg = ['svg', 'rect', 'path', 'line'].includes(tag);
  const element = svg ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {}))
    name.startsWith('on') ? element.addEventListener(name.slice(2), value) : element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Sets a text only when it differs, so that screen readers and selections are left alone. */
function text(element, value) {
  if (element.textContent !== value)
    element.textContent = value;
}

function ago(milliseconds) {
  if (milliseconds == null) return 'never';
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} d`;
}

// ---- the stream ----

function connect() {
  source?.close();
  source = new EventSource(`${base}/events`);
  source.onmessage = event => {
    status = JSON.parse(event.data);
    heard = Date.now();
    sample();
    draw();
  };
  source.onerror = () => {
    sampled = null;
    drawConnection();
    // A browser gives up for good when the answer is not a stream, as from a proxy whose server is away.
    if (source.readyState === EventSource.CLOSED)
      setTimeout(connect, 2000);
  };
}

function isConnected() {
  return source?.readyState === EventSource.OPEN && Date.now() - heard < silence;
}

function sample() {
  const { at, log: { commit } } = status;
  if (sampled && at - sampled.at < 900) return;
  if (sampled && at > sampled.at)
    samples.push({ at, rate: Math.max(0, commit - sampled.commit) * 1000 / (at - sampled.at), ms: status.writeMs ?? null });
  sampled = { at, commit };
  samples = samples.filter(s => at - s.at <= span);
}

// ---- the page ----

function draw() {
  drawConnection();
  document.title = `${status.nodeId} · RaftKv`;
  text($('node'), status.nodeId);
  text($('address'), status.address);
  text($('role'), status.role);
  $('role').className = `pill ${['faulted', 'removed', 'stopped'].includes(status.role) ? 'bad' : status.role}`;
  text($('t-leader'), status.leaderId ?? 'none');
  text($('t-term'), number(status.term));
  text($('t-keys'), number(status.keyCount));
  text($('t-contact'), status.role === 'leader' ? 'itself' : ago(status.lastContactMs));
  const rate = samples.at(-1)?.rate;
  $('t-rate').replaceChildren(rate === undefined ? '–' : number(Math.round(rate)), make('small', {}, '/s'));
  drawMembers();
  drawChart();
  drawLatency();
  drawLog();
  drawElections();
}

function drawConnection() {
  const connected = isConnected();
  text($('live'), connected ? 'live' : status ? 'connection lost' : 'connecting');
  $('live').className = `live ${connected ? 'on' : status ? 'off' : ''}`;
  document.body.classList.toggle('old', !connected && status !== null);
  for (const button of document.querySelectorAll('.acts button, button.acts'))
    button.disabled = !connected;
  const [message, mild] = trouble(connected);
  text($('banner'), message);
  $('banner').classList.toggle('mild', mild);
  $('banner').hidden = message === '';
}

function trouble(connected) {
  if (!connected)
    return status ? [`No connection to this node since ${new Date(heard).toLocaleTimeString()}. What you see is old; the page tries again by itself.`, false] : ['', true];
  if (!status.ready)
    return [status.reason, ['unformed', 'learner'].includes(status.role)];
  if (status.role !== 'leader')
    return ['', true];
  const { voters, alive, majority } = quorum();
  if (alive < majority)
    return [`Only ${alive} of ${voters} voters answer: the quorum is being lost, and writes will fail.`, false];
  if (alive < voters)
    return [`${alive} of ${voters} voters answer. ${alive === majority ? 'If one more falls silent, writes stop.' : `${alive - majority} more may fail before writes stop.`}`, true];
  return ['', true];
}

function quorum() {
  const voters = status.members.filter(m => m.voter);
  const alive = voters.filter(m => m.nodeId === status.nodeId || (!m.lostEntries && m.lastContactMs !== null && m.lastContactMs < reachable));
  return { voters: voters.length, alive: alive.length, majority: Math.floor(voters.length / 2) + 1 };
}

const rows = new Map();

function drawMembers() {
  $('members-none').hidden = status.members.length > 0;
  $('members').parentElement.hidden = status.members.length === 0;
  const { voters, majority } = quorum();
  text($('quorum'), voters === 0 ? '' : `${voters} ${voters === 1 ? 'voter' : 'voters'}, a majority is ${majority}, ${voters - majority} may fail`);
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
    name: make('b', {}, id), address: make('small'), role: make('span', { class: 'pill' }), lag: make('span'), contact: make('span'),
    bar: make('rect', { height: 8, width: 0 }),
    transfer: make('button', { type: 'button', class: 'quiet small', onclick: () => transfer(id) }, 'Make leader'),
    remove: make('button', { type: 'button', class: 'danger small', onclick: () => remove(id) }, 'Remove'),
  };
  row.transfer.setAttribute('aria-label', `Make ${id} the leader`);
  row.remove.setAttribute('aria-label', `Remove ${id}`);
  row.scale = make('svg', { viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, row.bar);
  row.line = make('tr', { role: 'row' },
    make('td', { class: 'who', role: 'cell' }, row.name, row.address), make('td', { role: 'cell' }, row.role),
    make('td', { role: 'cell' }, make('div', { class: 'lag' }, row.scale, row.lag)), make('td', { role: 'cell' }, row.contact),
    make('td', { class: 'acts', role: 'cell' }, make('div', { class: 'buttons' }, row.transfer, row.remove)));
  $('members').append(row.line);
  return row;
}

function fillRow(row, member) {
  const own = member.nodeId === status.nodeId;
  text(row.address, own ? `${member.address} · this node` : member.address);
  const role = member.leader ? 'leader' : member.voter ? 'voter' : 'learner';
  text(row.role, role);
  row.role.className = `pill ${role}`;
  const { first, last, commit, applied } = status.log;
  const match = member.match ?? (own ? applied : null);
  const lag = member.lag ?? (own ? commit - applied : null);
  row.scale.toggleAttribute('hidden', match === null);
  if (match !== null)
    row.bar.setAttribute('width', last === 0 ? 100 : Math.min(100, 100 * match / last));
  text(row.lag, lag === null ? 'only the leader knows' : lag === 0 ? 'none' : `${number(lag)} ${lag === 1 ? 'entry' : 'entries'}`);
  row.lag.className = lag === null ? 'note' : match < first - 1 ? 'warn' : '';
  // Followers do not talk to each other, so that only silence between leader and follower means anything.
  const silent = !own && (status.role === 'leader' || member.leader) && (member.lastContactMs === null || member.lastContactMs >= reachable);
  text(row.contact, own ? 'this node' : status.role !== 'leader' && !member.leader ? 'not asked' : member.lastContactMs === null ? 'never' : `${ago(member.lastContactMs)} ago`);
  row.contact.className = silent ? 'warn' : own ? 'note' : '';
  if (member.lostEntries) {
    text(row.contact, 'lost acknowledged entries, not counted');
    row.contact.className = 'warn';
  }
  row.transfer.hidden = member.leader || !member.voter;
}

function drawChart() {
  const [width, height] = [600, 200];
  const most = niceTop(Math.max(10, ...samples.map(s => s.rate)));
  const now = status.at;
  const points = samples.map(s => `${(width * (1 - (now - s.at) / span)).toFixed(1)} ${(height * (1 - s.rate / most)).toFixed(1)}`);
  const lines = [0, .5, 1].map(y => make('line', { x1: 0, x2: width, y1: height * y, y2: height * y }));
  const parts = [...lines];
  if (points.length > 1) {
    const [start, end] = [points[0].split(' ')[0], points.at(-1).split(' ')[0]];
    parts.push(make('path', { class: 'area', d: `M${start} ${height}L${points.join('L')}L${end} ${height}Z` }), make('path', { class: 'curve', d: `M${points.join('L')}` }));
  }
  $('chart').replaceChildren(...parts);
  const rates = samples.map(s => s.rate);
  const mean = rates.length ? rates.reduce((a, b) => a + b, 0) / rates.length : 0;
  text($('chart-text'), rates.length < 2 ? 'Collecting the first samples.'
    : `The top line is ${number(most)}/s. Now ${number(Math.round(rates.at(-1)))}/s, on average ${number(Math.round(mean))}/s, at most ${number(Math.round(Math.max(...rates)))}/s.`);
}

// A line for each run of seconds in which somebody wrote: where nobody did there is no latency, and none is invented.
function drawLatency() {
  const [width, height] = [600, 200];
  const known = samples.filter(s => s.ms);
  const most = niceTop(Math.max(1, ...known.map(s => s.ms.longest)));
  const parts = [0, .5, 1].map(y => make('line', { x1: 0, x2: width, y1: height * y, y2: height * y }));
  for (const [figure, kind] of [['longest', 'curve worst'], ['median', 'curve']]) {
    let path = '', open = false;
    for (const s of samples) {
      if (s.ms) {
        const x = width * (1 - (status.at - s.at) / span), y = height * (1 - s.ms[figure] / most);
        path += open ? `L${x.toFixed(1)} ${y.toFixed(1)}` : `M${x.toFixed(1)} ${y.toFixed(1)}h2`;
      }
      open = s.ms !== null;
    }
    if (path) parts.push(make('path', { class: kind, d: path }));
  }
  $('latency').replaceChildren(...parts);
  const last = known.at(-1)?.ms;
  text($('latency-text'), last ? `The top line is ${number(most)} ms. Last: median ${number(last.median)} ms (teal), longest ${number(last.longest)} ms (gold); at most ${number(Math.max(...known.map(s => s.ms.longest)))} ms.`
    : 'No write came through this node’s HTTP routes in the last two minutes.');
}

function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map(step => step * power).find(top => top >= value);
}

function drawLog() {
  const { first, snapshot, applied, commit, durable, last } = status.log;
  const from = Math.max(1, last - shown + 1);
  const cells = $('cells');
  while (cells.children.length < shown)
    cells.append(make('i'));
  for (let i = 0; i < shown; i++) {
    const index = from + i;
    const state = index > last || index < first ? '' : index <= applied ? 'applied' : index <= commit ? 'commit' : index <= durable ? 'durable' : 'last';
    if (cells.children[i].className !== state)
      cells.children[i].className = state;
  }
  drawTracks(status.log);
  const figures = { First: first, Snapshot: snapshot || 'none', Applied: applied, Committed: commit, Last: last };
  const log = $('log');
  if (log.children.length === 0)
    log.append(...Object.keys(figures).map(name => make('div', {}, make('dt', {}, name), make('dd'))));
  Object.values(figures).forEach((value, i) => text(log.children[i].lastChild, typeof value === 'number' ? number(value) : value));
}

const tracks = new Map();

// What is behind a snapshot is pale, the snapshot gold; of other members the leader knows only how far they are.
function drawTracks({ first, snapshot, commit, last }) {
  const x = index => last === 0 ? 0 : 600 * Math.min(Math.max(0, index), last) / last;
  const bar = (kind, from, to) => make('rect', { class: kind, x: x(from), width: Math.max(0, x(to) - x(from)), height: 16 });
  for (const id of tracks.keys()) {
    if (!status.members.some(m => m.nodeId === id)) {
      tracks.get(id).line.remove();
      tracks.delete(id);
    }
  }
  for (const member of status.members) {
    if (!tracks.has(member.nodeId)) {
      const row = { picture: make('svg', { class: 'whole', viewBox: '0 0 600 16', preserveAspectRatio: 'none', 'aria-hidden': 'true' }), said: make('span') };
      row.line = make('li', {}, make('b', {}, member.nodeId), row.picture, row.said);
      tracks.set(member.nodeId, row);
      $('tracks').append(row.line);
    }
    const { picture, said } = tracks.get(member.nodeId);
    const own = member.nodeId === status.nodeId;
    const end = own ? last : member.match ?? null;
    const parts = end === null ? [] : own ? [bar('gone', 0, first - 1), bar('kept', first - 1, last)] : [bar('kept', 0, end)];
    if (own && snapshot > 0) parts.push(make('rect', { class: 'snap', x: Math.max(0, x(snapshot) - 2), width: 4, height: 16 }));
    if (own && commit < last) parts.push(make('rect', { class: 'mark-commit', x: x(commit) - 1, width: 2, height: 16 }));
    picture.replaceChildren(...parts);
    text(said, end === null ? 'only the leader knows' : own ? `${number(first)} to ${number(last)}` : `up to ${number(end)}`);
  }
}

let electionsDrawn = '';

function drawElections() {
  const list = $('elections');
  $('elections-none').hidden = status.elections.length > 0;
  const drawn = JSON.stringify(status.elections);
  if (drawn !== electionsDrawn) {
    electionsDrawn = drawn;
    list.replaceChildren(...status.elections.map(e => make('li', {},
      make('span', { class: 'term' }, `term ${number(e.term)}`),
      make('span', {}, make('span', { class: `pill ${e.leaderId ? 'leader' : 'bad'}` }, e.leaderId ? `${e.leaderId} leads` : 'no leader')),
      make('span', { class: 'cause' }, e.cause), make('time', { datetime: e.at, title: new Date(e.at).toLocaleString() }))));
  }
  for (const time of list.querySelectorAll('time'))
    text(time, `${ago(Math.max(0, status.at - Date.parse(time.dateTime)))} ago`);
}

connect();
setInterval(drawConnection, 1000);
