/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_TRACEPOINT_H
#define SHIM_TRACEPOINT_H

#include <linux/compiler.h>

/*
 * Each tracepoint is a function that does nothing with what it gets; but whether
 * its caller may still look at that, the sanitizers are to see.
 */
#define SHIM_TRACE(_name, _proto)	\
	static noinline __maybe_unused void trace_##_name(_proto) { barrier(); } \
	struct shim_##_name
#define PARAMS(...)	__VA_ARGS__
#define TP_PROTO(...)	__VA_ARGS__
#define DECLARE_EVENT_CLASS(_class, ...)	struct shim_##_class
#define DEFINE_EVENT(_class, _name, _proto, _args)	\
	SHIM_TRACE(_name, PARAMS(_proto))
#define TRACE_EVENT(_name, _proto, ...)			\
	SHIM_TRACE(_name, PARAMS(_proto))

#endif /* SHIM_TRACEPOINT_H */
