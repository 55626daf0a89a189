// What Grafana gives its own library when it draws a panel: the options that fields have, the transformations, and how
// variables in links are replaced. Grafana itself keeps these outside @grafana/data.
'use strict';

const data = require('@grafana/data');

const AXIS = [
  'axisPlacement', 'axisLabel', 'axisWidth', 'axisSoftMin', 'axisSoftMax', 'axisGridShow', 'axisColorMode',
  'axisBorderShow', 'axisCenteredZero', 'scaleDistribution', 'hideFrom', 'thresholdsStyle',
];
// public/app/plugins/panel/*/module.tsx, table/addTableCustomConfig.ts, timeseries/config.ts
const CUSTOM = {
  table: [
    'minWidth', 'width', 'align', 'filterable', 'wrapText', 'wrapHeaderText', 'hideFrom.viz', 'footer.reducers',
    'cellOptions', 'inspect', 'tooltip.field', 'tooltip.placement', 'styleField',
  ],
  timeseries: [
    'drawStyle', 'lineInterpolation', 'lineWidth', 'fillOpacity', 'gradientMode', 'fillBelowTo', 'lineStyle',
    'spanNulls', 'insertNulls', 'showPoints', 'showValues', 'pointSize', 'stacking', 'transform', 'barAlignment',
    'barWidthFactor', ...AXIS,
  ],
  'state-timeline': ['lineWidth', 'fillOpacity', 'spanNulls', 'insertNulls', ...AXIS],
  barchart: ['lineWidth', 'fillOpacity', 'gradientMode', ...AXIS],
  heatmap: ['scaleDistribution', 'hideFrom'],
  geomap: ['hideFrom'],
};

// public/app/core/components/OptionsUI/registry.tsx, getAllStandardFieldConfigs
function standard() {
  const number = (field) => field.type === 'number';
  return [
    item('unit', data.stringOverrideProcessor),
    item('min', data.numberOverrideProcessor, { shouldApply: number }),
    item('max', data.numberOverrideProcessor, { shouldApply: number }),
    item('decimals', data.numberOverrideProcessor, { shouldApply: number }),
    item('displayName', data.displayNameOverrideProcessor, { settings: { expandTemplateVars: true } }),
    item('noValue', data.stringOverrideProcessor),
    item('color', data.identityOverrideProcessor),
    item('links', data.dataLinksOverrideProcessor),
    item('mappings', data.valueMappingsOverrideProcessor, { shouldApply: (field) => field.type !== 'time' }),
    item('thresholds', data.thresholdsOverrideProcessor),
  ];
}

function item(id, process, more = {}) {
  return { id, path: id, name: id, process, shouldApply: () => true, settings: {}, ...more };
}

// packages/grafana-data/src/panel/registryFactories.ts, createFieldConfigRegistry
function optionsOf(kind) {
  const own = (CUSTOM[kind] ?? []).map((path) => ({
    ...item(path, data.identityOverrideProcessor), id: `custom.${path}`, isCustom: true,
  }));
  return new data.FieldConfigOptionsRegistry(() => [...standard(), ...own]);
}

// public/app/plugins/panel/table/migrations.ts, migrateHiddenFields: Grafana 12.2 and newer, at every load.
function migrated({ type, fieldConfig }) {
  const id = (one) => (type === 'table' && one.id === 'custom.hidden' ? 'custom.hideFrom.viz' : one.id);
  const overrides = fieldConfig.overrides.map((rule) => ({
    ...rule, properties: rule.properties.map((one) => ({ ...one, id: id(one) })),
  }));
  return { ...fieldConfig, overrides };
}

// public/app/features/transformers/standardTransformers.ts(x)
function registerTransformers() {
  const wrapped = [...new Set(Object.values(data.standardTransformers))].map((one) => ({
    id: one.id, aliasIds: one.aliasIds, name: one.name, transformation: () => Promise.resolve(one), editor: () => null,
  }));
  data.standardTransformersRegistry.setInit(() => wrapped);
}

async function transformed(steps, frames) {
  for (const step of steps) {
    frames = await (step.id === 'configFromData' ? configured(step.options, frames) : byGrafana(step, frames));
  }
  return frames;
}

function byGrafana(step, frames) {
  const context = { interpolate: (text) => text };
  return new Promise((next, error) => data.transformDataFrame([step], frames, context).subscribe({ next, error }));
}

// Of Grafana's core, not of @grafana/data: after public/app/features/transformers/configFromQuery/configFromQuery.ts,
// for a unit only. What this shows is no proof; a test checks the options' names.
function configured({ configRefId, mappings, applyTo }, frames) {
  const told = frames.find((frame) => frame.refId === configRefId);
  const [{ fieldName, reducerId }] = mappings;
  const field = told?.fields.find((one) => one.name === fieldName);
  const unit = field && data.reduceField({ field, reducers: [reducerId] })[reducerId];
  const applies = data.getFieldMatcher(applyTo);
  const set = (one, frame) => (unit && applies(one, frame, frames) ? { ...one, config: { ...one.config, unit } } : one);
  return frames
    .filter((frame) => frame !== told)
    .map((frame) => ({ refId: frame.refId, length: frame.length, fields: frame.fields.map((one) => set(one, frame)) }));
}

const VARIABLE = /\$(\w+)|\$\{(\w+)(?:\.([^:}]+))?(?::([^}]+))?\}/g;

// grafana/scenes: variables/interpolation/sceneInterpolator.ts, formatRegistry.ts, macros/dataMacros.ts
function replacing(variables) {
  return (text, scoped, format) =>
    String(text ?? '').replace(VARIABLE, (match, plain, name = plain, path, own) => {
      const value = name === '__data' ? ofRow(path, scoped) : variables[name];
      return value === undefined ? match : formatted(name, value, own ?? format);
    });
}

function ofRow(path, scoped) {
  const { frame, rowIndex } = scoped?.__dataContext?.value ?? {};
  const key = /^fields(?:\.(.+)|\["(.+)"\])$/.exec(path ?? '');
  if (rowIndex === undefined || !key) {
    return undefined;
  }
  const found = data.getFieldDisplayValuesProxy({ frame, rowIndex })[key[1] ?? key[2]];
  return found === undefined ? '' : `${found}`;
}

function formatted(name, value, format) {
  const strict = (text) => text.replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  if (format === 'queryparam') {
    return `var-${name}=${strict(encodeURIComponent(value))}`;
  }
  return format === 'uriencode' ? strict(encodeURI(value)) : value;
}

module.exports = { migrated, optionsOf, registerTransformers, replacing, transformed };
