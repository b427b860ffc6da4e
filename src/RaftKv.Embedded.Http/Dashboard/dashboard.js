'use strict';
const base = location.pathname.replace(/\/+$/, '');
const $ = id => document.getElementById(id);
const number = new Intl.NumberFormat('en').format;
const silence = 5000;        // the same for the stream of events, which speaks every second
const span = 120_000;        // milliseconds on the chart
const shown = 96;            // entries in the picture of the log's end

let status = null;           // the last event
let tellKnown = null;        // resolves known
const known = new Promise(resolve => tellKnown = resolve);
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
    tellKnown();
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
  text($('t-contact'), status.role === 'leader' ? 'itself' : status.leaderId === null ? 'no leader' : ago(status.lastContactMs));
  const rate = samples.at(-1)?.rate;
  $('t-rate').replaceChildren(rate === undefined ? '–' : number(Math.round(rate)), make('small', {}, '/s'));
  drawMembers();
  drawOwn();
  drawStalls();
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
  for (const button of document.querySelectorAll('.needs-read button, .needs-write button, .needs-admin button, button.needs-write, button.needs-admin'))
    button.disabled = !connected;
  const [message, mild] = trouble(connected);
  text($('banner'), message);
  $('banner').classList.toggle('mild', mild);
  $('banner').hidden = message === '';
}

function trouble(connected) {
  if (!connected)
    return status ? [`No connection to this node since ${new Date(heard).toLocaleTimeString()}. What you see is old; the page tries again by itself.`, false] : ['', true];
  const { voters, alive, majority, mayFail, lost } = status.quorum;
  if (lost && status.fault === undefined && status.members.some(m => m.nodeId === status.nodeId))
    return [`The quorum is lost: this node reaches ${alive} of ${voters} voters, and a majority is ${majority}. ${dead()} Writes and linearizable reads fail; this node's own copy can be read.`, false];
  if (!status.ready)
    return [`${status.reason}${alive < voters ? ` ${dead()}` : ''}`, ['unformed', 'learner'].includes(status.role)];
  if (alive < voters)
    return [`${alive} of ${voters} voters can be reached from this node. ${dead()} ${mayFail === 0 ? 'If one more fails, writes stop.' : `${mayFail} more may fail before writes stop.`}`, true];
  return ['', true];
}

/** The voters that do not answer, as a sentence. */
function dead() {
  const silent = status.members.filter(m => m.voter && (m.state === 'dead' || m.lostEntries)).map(m => m.nodeId);
  const names = silent.length > 1 ? `${silent.slice(0, -1).join(', ')} and ${silent.at(-1)}` : silent[0];
  return silent.length === 0 ? '' : `${names} ${silent.length === 1 ? 'does' : 'do'} not answer.`;
}

