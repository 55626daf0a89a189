// What Grafana's Prometheus data source makes of Prometheus' answers. The data source itself cannot be loaded outside
// Grafana, so this is after its sources: each rule names the file of Grafana's repository that it follows.
'use strict';

const { getFieldDisplayName } = require('@grafana/data');

const LABEL = /\{\{\s*(.+?)\s*\}\}/g;

// packages/grafana-prometheus/src/result_transformer.ts, transformV2: in this order, whatever the queries' is.
function queried(targets, answers) {
  const formats = Object.fromEntries(targets.map((target) => [target.refId, target.format]));
  const all = targets.flatMap((target) => answered(target, answers[target.refId] ?? []));
  targets.filter((target) => target.legendFormat === '__auto').forEach((target) => autoNamed(target.refId, all));
  const of = (format) => all.filter((frame) => formats[frame.refId] === format);
  const rest = all.filter((frame) => !['table', 'heatmap'].includes(formats[frame.refId]));
  return [...rest, ...tables(of('table')), ...heatmap(of('heatmap'))];
}

// pkg/promlib/querydata/response.go, parseResponse: an empty answer is one frame without fields.
function answered(target, series) {
  if (series.length === 0) {
    return [{ refId: target.refId, meta: {}, fields: [], length: 0 }];
  }
  return series.map((one) => seriesFrame(target, one));
}

// pkg/promlib/converter/prom.go, readMatrixOrVectorMulti: a frame for each series, its labels on the value.
// pkg/promlib/querydata/response.go, addMetadataToMultiFrame: a metric's own name becomes the value's.
function seriesFrame(target, { metric, value, values }) {
  const points = values ?? [value];
  const name = legend(target, metric);
  const fields = [
    { name: 'Time', type: 'time', config: {}, values: points.map(([at]) => at * 1000) },
    {
      name: metric.__name__ ?? 'Value',
      type: 'number',
      labels: metric,
      config: name ? { displayNameFromDS: name } : {},
      values: points.map(([, text]) => sample(text)),
    },
  ];
  return { refId: target.refId, meta: {}, fields, length: points.length };
}

// pkg/promlib/querydata/response.go, getName: without any label the expression is the name.
function legend({ legendFormat, expr }, labels) {
  if (legendFormat === '__auto') {
    return Object.keys(labels).length ? '' : expr;
  }
  return legendFormat.replace(LABEL, (_, label) => labels[label] ?? '');
}

function sample(text) {
  return /inf/i.test(text) ? (text[0] === '-' ? -Infinity : Infinity) : parseFloat(text);
}

function autoNamed(refId, all) {
  for (const frame of all.filter((one) => one.refId === refId)) {
    for (const field of frame.fields.filter((one) => one.labels?.__name__ === one.name && one.labels?.__name__)) {
      field.config.displayNameFromDS = getFieldDisplayName({ ...field, name: 'Value' }, frame, all);
    }
  }
}

// packages/grafana-prometheus/src/result_transformer.ts, transformDFToTable: a frame for each query; several queries'
// numbers are called by their letters, and a query that found nothing counts.
function tables(frames) {
  if (frames.length === 0 || (frames.length === 1 && frames[0].length === 0)) {
    return frames;
  }
  const refs = [...new Set(frames.map((frame) => frame.refId))];
  return refs.map((refId) => {
    const own = frames.filter((frame) => frame.refId === refId);
    return table(refId, own, refs.length > 1 ? `Value #${refId}` : 'Value');
  });
}

function table(refId, frames, valueName) {
  const rows = frames.flatMap((frame) =>
    (frame.fields[0]?.values ?? []).map((at, row) => ({ at, ...frame.fields[1], number: frame.fields[1].values[row] }))
  );
  const labels = [...new Set(frames.flatMap((frame) => Object.keys(frame.fields[1]?.labels ?? {}).sort()))];
  const fields = [
    { name: 'Time', type: 'time', config: {}, values: rows.map((row) => row.at) },
    ...labels.map((label) => ({
      name: label,
      type: 'string',
      config: { filterable: true },
      values: rows.map((row) => row.labels[label] ?? ''),
    })),
    { name: valueName, type: 'number', config: {}, values: rows.map((row) => row.number) },
  ];
  return { refId, meta: { preferredVisualisationType: 'rawPrometheus' }, fields, length: rows.length };
}

// packages/grafana-prometheus/src/result_transformer.ts: cumulative buckets in the order of `le`, each less the one
// below, as the rows of one frame (transformToHistogramOverTime, mergeHeatmapFrames).
function heatmap(frames) {
  const filled = frames.filter((frame) => frame.length);
  if (filled.length === 0) {
    return [];
  }
  const le = (frame) => frame.fields[1].labels.le;
  const sorted = [...filled].sort((one, other) => sample(le(one)) - sample(le(other)));
  const rows = sorted.map((frame, place) => ({
    ...frame.fields[1],
    name: le(frame),
    config: { displayNameFromDS: le(frame) },
    values: frame.fields[1].values.map((value, at) =>
      Math.max(0, value - (place ? sorted[place - 1].fields[1].values[at] ?? 0 : 0))
    ),
  }));
  return [{ ...sorted[0], meta: { type: 'heatmap-rows' }, fields: [sorted[0].fields[0], ...rows] }];
}

module.exports = { queried };
