// SPDX-License-Identifier: GPL-2.0-only
/*
 * 200 functions (with FEW, 20), and -flto-partition=max makes a compilation of each.
 */
#define FUNCTION(n) \
	__attribute__((noinline, used)) int function##n(int x) { return x * x + n; }
#define TEN(n) \
	FUNCTION(n##0) FUNCTION(n##1) FUNCTION(n##2) FUNCTION(n##3) FUNCTION(n##4) \
	FUNCTION(n##5) FUNCTION(n##6) FUNCTION(n##7) FUNCTION(n##8) FUNCTION(n##9)
#define HUNDRED(n) \
	TEN(n##0) TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) \
	TEN(n##5) TEN(n##6) TEN(n##7) TEN(n##8) TEN(n##9)

#ifdef FEW
TEN(10)
TEN(11)
#else
HUNDRED(1)
HUNDRED(2)
#endif
