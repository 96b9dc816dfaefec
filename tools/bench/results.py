# SPDX-License-Identifier: GPL-2.0-only
"""What report, gate and plot share: samples, results, and how to find one.

A result is a dictionary as in results.json: one figure of one peer, by kernel,
mode, scenario and parameters.
"""

import json
import math
import re
import statistics
import sys

# The peer that ratios are to; the second where the first can't do it.
REFERENCES = ('ksem', 'ksem signal')
PARAMETERS = re.compile(r'-|[\w-]+=[^=,\s]+(,[\w-]+=[^=,\s]+)*')
# Which of a result's fields say what it is, apart from kernel and mode.
NAMES = ('scenario', 'peer', 'parameters', 'figure')


class BadInput(Exception):
    """What a file says cannot be used; the message names the file."""


def read_samples(path):
    """Lines of ksem-bench: {(scenario, peer, parameters, figure): (unit, values)}."""
    samples = {}
    with open(path, encoding='utf-8', errors='replace') as lines:
        for number, line in enumerate(lines, 1):
            try:
                names, unit, value = parse_line(line)
                known, values = samples.setdefault(names, (unit, []))
                if known != unit:
                    raise BadInput(f'unit is {unit}, was {known} before')
            except BadInput as error:
                raise BadInput(f'{path}:{number}: {error}') from None
            values.append(value)
    if not samples:
        raise BadInput(f'{path}: no figures')
    return samples


def parse_line(line):
    fields = line.rstrip('\n').split('\t')
    if not line.endswith('\n') or len(fields) != 6 or '' in fields:
        raise BadInput(f'not a line of six fields: {line.rstrip()!r}')
    scenario, peer, parameters, figure, unit, text = fields
    if not PARAMETERS.fullmatch(parameters):
        raise BadInput(f'bad parameters {parameters!r}')
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadInput(f'not a number: {text!r}')
    return (scenario, peer, parameters, figure), unit, value


def results_of(kernel, mode, samples):
    """The results of one boot, each with its ratio to the reference's."""
    results = []
    for names, (unit, values) in samples.items():
        median = statistics.median(values)
        result = {'kernel': kernel, 'mode': mode}
        result.update(zip(NAMES, names))
        result.update(median=median, min=min(values), max=max(values),
                      samples=len(values), unit=unit,
                      ratio=ratio(names, median, samples))
        results.append(result)
    return results


def ratio(names, median, samples):
    scenario, _, parameters, figure = names
    for reference in REFERENCES:
        _, values = samples.get((scenario, reference, parameters, figure), (None, None))
        if values:
            base = statistics.median(values)
            return median / base if base else None
    return None


def load_json(path):
    try:
        with open(path, encoding='utf-8') as file:
            return json.load(file)
    except OSError as error:
        raise BadInput(f'{path}: {error.strerror}') from None
    except ValueError as error:
        raise BadInput(f'{path}: {error}') from None


def load(path):
    """The results in a results.json."""
    results = load_json(path)
    needed = {'kernel', 'mode', 'median', 'min', 'max', 'unit', 'ratio', *NAMES}
    if not isinstance(results, list) or not results:
        raise BadInput(f'{path}: not a list of results')
    for result in results:
        if not isinstance(result, dict) or not needed <= result.keys():
            raise BadInput(f'{path}: not a result: {result!r}')
    return results


def group(results, *fields):
    """Results by the values of these fields, in the order of their appearance."""
    groups = {}
    for result in results:
        groups.setdefault(tuple(result[field] for field in fields), []).append(result)
    return groups


def parameters_of(result):
    """{'processes': '8', ...}"""
    if result['parameters'] == '-':
        return {}
    return dict(pair.split('=') for pair in result['parameters'].split(','))


def human(value):
    """A number as people read it: four digits that count, or all before the point."""
    if value == 0 or 1e-3 <= abs(value) < 1000:
        return f'{value:.4g}'
    return f'{value:,.0f}' if abs(value) >= 1000 else f'{value:.3e}'


def run(main):
    """Run main(arguments); bad input is a message, not a traceback."""
    try:
        sys.exit(main(sys.argv[1:]))
    except BadInput as error:
        sys.exit(f'{sys.argv[0].rpartition("/")[2]}: {error}')
    except BrokenPipeError:
        sys.exit(1)
