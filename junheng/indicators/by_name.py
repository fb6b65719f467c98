"""Measures by name, for what works with any of them: influence and intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any

from junheng.errors import InputError, did_you_mean
from junheng.indicators import (
    adequacy,
    change,
    curves,
    dispersion,
    entropy,
    equity,
    finance,
    impact,
    inequality,
    quantiles,
)
from junheng.indicators._grouped import Kernel, Sample
from junheng.words import Quoted, listed, message

__all__ = ["KERNELS", "kernel_by_name"]

#: What computes each measure, by the name of its function: takes the sample and the options of that function.
KERNELS: dict[str, Callable[..., Kernel]] = {
    name.removesuffix("_kernel"): function
    for module in (dispersion, inequality, quantiles, entropy, curves, change, finance, adequacy, equity, impact)
    for name, function in sorted(vars(module).items())
    if name.endswith("_kernel") and function.__module__ == module.__name__
}


def kernel_by_name(sample: Sample, measure: str, options: Mapping[str, Any]) -> Kernel:
    """Return what computes a measure; raise an error for an unknown name, or options that are not those of it."""
    if measure not in KERNELS:
        hint = did_you_mean(measure, KERNELS) or message("arithmetic.measures_there", names=listed(KERNELS))
        raise InputError(message("arithmetic.no_such_measure", measure=Quoted(measure), hint=hint))
    known = dict(list(signature(KERNELS[measure]).parameters.items())[1:])
    unknown = [name for name in options if name not in known]
    if unknown:
        taken = listed(known) if known else message("arithmetic.no_options")
        raise InputError(message("arithmetic.no_such_option", measure=measure, option=unknown[0], options=taken))
    lacking = [n for n, p in known.items() if p.default is Parameter.empty and n not in options]
    if lacking:
        raise InputError(message("arithmetic.option_missing", measure=measure, option=lacking[0]))
    return KERNELS[measure](sample, **options)
