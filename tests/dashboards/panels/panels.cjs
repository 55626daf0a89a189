// What Grafana's own library (@grafana/data) makes of our panels. Reads {now, zone, boards: [{variables, panels: [{panel,
// answers}], marks: [{annotation, answer}], choices: [{regex, answer}]}]} as JSON, answers as Prometheus' API gives them
// in `result`, a panel's by refId; writes [{panels, marks, choices}]: for each panel its fields with names, texts,
// colours and links, for each annotation its times and texts, for each variable what can be chosen.
'use strict';

const fs = require('node:fs');

const data = require('@grafana/data');
const { queried } = require('./frames.cjs');
const { migrated, optionsOf, registerTransformers, replacing, transformed } = require('./options.cjs');

const ROWS = 60;
const LINKED = 3;
const theme = data.createTheme();

// It asks for the switches of a running Grafana, and finds none; set earlier, parts of it would look for a browser.
globalThis.window = globalThis;
globalThis.navigator ??= { languages: ['en'] };

async function main() {
  const { now, zone, boards } = JSON.parse(fs.readFileSync(0, 'utf8'));
  Date.now = () => now;
  registerTransformers();
  data.locationUtil.initialize({
    config: { appSubUrl: '' }, getVariablesUrlParams: () => ({}), getTimeRangeForUrl: () => ({}),
  });
  const written = [];
  for (const { variables, panels, marks, choices } of boards) {
    const found = [];
    for (const one of panels) {
      found.push(await shown(one, replacing(variables), zone));
    }
    written.push({ panels: found, marks: marks.map(marked), choices: choices.map(offered) });
  }
  process.stdout.write(JSON.stringify(written));
}

async function shown({ panel, answers }, replaceVariables, zone) {
  try {
    const frames = await transformed(panel.transformations ?? [], queried(panel.targets, answers));
    const fieldConfig = migrated(panel);
    const fieldConfigRegistry = optionsOf(panel.type);
    const matched = fieldConfig.overrides.map((rule) => matching(rule.matcher, frames));
    const unknown = fieldConfig.overrides
      .flatMap((rule) => rule.properties.map((one) => one.id))
      .concat(Object.keys(fieldConfig.defaults.custom ?? {}).map((key) => `custom.${key}`))
      .filter((id) => !fieldConfigRegistry.getIfExists(id))
      .concat(unknownSteps(panel.transformations ?? []));
    const drawn = data.applyFieldOverrides({
      data: frames, fieldConfig, fieldConfigRegistry, replaceVariables, theme, timeZone: zone,
    });
    const stats = numbers(panel, drawn, { fieldConfig, replaceVariables, theme, timeZone: zone });
    return { failed: '', matched, unknown, stats, frames: drawn.map((frame) => written(frame, drawn)) };
  } catch (why) {
    return { failed: `${why.message}`, matched: [], unknown: [], stats: [], frames: [] };
  }
}

// Grafana leaves out a transformation that it does not know, and says nothing.
function unknownSteps(steps) {
  const known = (id) => id === 'configFromData' || data.standardTransformersRegistry.getIfExists(id);
  return steps.map((step) => step.id).filter((id) => !known(id));
}

function matching(matcher, frames) {
  const matches = data.fieldMatchers.get(matcher.id).get(matcher.options);
  return frames.flatMap((frame) => frame.fields.filter((field) => matches(field, frame, frames))).length;
}

// public/app/plugins/panel/stat/StatPanel.tsx, bargauge/BarGaugePanel.tsx
function numbers(panel, drawn, context) {
  if (!['stat', 'bargauge'].includes(panel.type)) {
    return [];
  }
  const found = data.getFieldDisplayValues({ ...context, data: drawn, reduceOptions: panel.options.reduceOptions });
  return found.map(({ display }) => ({
    title: display.title ?? '', text: data.formattedValueToString(display), colour: display.color ?? '',
  }));
}

function written(frame, all) {
  const fields = frame.fields.map((field) => ({
    name: field.name,
    shown: data.getFieldDisplayName(field, frame, all),
    type: field.type,
    unit: field.config.unit ?? '',
    mapped: Boolean(field.config.mappings?.length),
    hidden: Boolean(field.config.custom?.hideFrom?.viz),
    filled: field.config.custom?.cellOptions?.type === 'color-background',
    fill: field.config.color?.fixedColor ?? '',
    values: field.values.slice(0, ROWS).map((value) => (value === undefined ? null : value)),
    ...displayed(field),
    links: (field.config.links ?? []).length ? linked(field, frame) : [],
  }));
  return { refId: frame.refId ?? '', length: frame.length, fields };
}

function displayed(field) {
  const found = field.values.slice(0, ROWS).map((value) => field.display(value));
  return { texts: found.map(data.formattedValueToString), colours: found.map((one) => one.color ?? '') };
}

function linked(field, frame) {
  const rows = [...Array(Math.min(LINKED, frame.length)).keys()];
  return rows.map((valueRowIndex) => field.getLinks({ valueRowIndex }).map(({ href, title }) => ({ href, title })));
}

// packages/grafana-prometheus/src/annotations.ts, processEvents: the values are the times, each one event.
function marked({ annotation, answer }) {
  return answer.map(({ metric, values }) => ({
    times: [...new Set(values.map(([at, value]) => Math.floor(annotation.useValueForTime ? value : at * 1000)))],
    title: data.renderLegendFormat(annotation.titleFormat, metric),
    text: data.renderLegendFormat(annotation.textFormat, metric),
  }));
}

// packages/grafana-prometheus/src/metric_find_query.ts, queryResultQuery: a series as text; grafana/scenes,
// metricNamesToVariableValues: what the regex finds there.
function offered({ regex, answer }) {
  const pattern = data.stringToJsRegex(regex);
  return answer.flatMap(({ metric: { __name__: name = '', ...labels }, value: [at, number] }) => {
    const said = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
    const found = pattern.exec(`${name}{${said.join(',')}} ${number} ${at * 1000}`);
    const { text = found?.[1], value = text } = found?.groups ?? {};
    return found ? [{ text, value }] : [];
  });
}

module.exports = { main };
