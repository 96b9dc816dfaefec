/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_TRACEPOINT_H
#define SHIM_TRACEPOINT_H

/* Each tracepoint is a function that does nothing. */
#define TP_PROTO(...)	__VA_ARGS__
#define DECLARE_EVENT_CLASS(_class, ...)	struct shim_##_class
#define DEFINE_EVENT(_class, _name, _proto, _args)	\
	static inline void trace_##_name(_proto) { } struct shim_##_name
#define TRACE_EVENT(_name, _proto, ...)			\
	static inline void trace_##_name(_proto) { } struct shim_##_name

#endif /* SHIM_TRACEPOINT_H */
