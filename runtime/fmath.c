/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/fmath.h"

/* Range reduction after Cody & Waite; polynomials of exp, log and tanh from S.
 * Moshier, Cephes, single precision. */
#define LOG2E 1.44269504f
#define LN2_HIGH \
	0.693359375f /* 10 bits: its product with an exponent is exact */
#define LN2_LOW -2.12194440e-4f
#define SIGN 0x80000000u
#define INFINITE 0x7f800000u
#define NOT_A_NUMBER 0x7fc00000u
#define ONE 0x3f800000u

/* c[0] x^(n-1) + ... + c[n-1] */
static float poly(const float *c, int n, float x)
{
	float y = *c;

	while (--n > 0)
		y = y * x + *++c;
	return y;
}

#define POLY(c, x) poly(c, (int)(sizeof(c) / sizeof(*(c))), x)

/* 2^n, -126 <= n <= 127 */
static float power_of_2(int32_t n)
{
	return dbrt_float_of((uint32_t)(n + 127) << 23);
}

#define EXP_END 0x42d20000u /* from 105 on the result is infinity, or 0 */

/* e^(x + low), |low| far below |x| */
static inline float exp_two_parts(float x, float low)
{
	uint32_t bits = dbrt_float_bits(x), sign = bits & SIGN;
	uint32_t size = bits & ~SIGN;
	int32_t n, half;
	float y;

	x = dbrt_float_of(dbrt_pick(size < EXP_END, size, EXP_END) | sign);
	n = (int32_t)(x * LOG2E + dbrt_float_of(0x3f000000u | sign));
	x = x - (float)n * LN2_HIGH - (float)n * LN2_LOW + low;
	y = 1.9875691500e-4f;
	y = y * x + 1.3981999507e-3f;
	y = y * x + 8.3334519073e-3f;
	y = y * x + 4.1665795894e-2f;
	y = y * x + 1.6666665459e-1f;
	y = y * x + 5.0000001201e-1f;
	y = y * x * x + x + 1;
	/* In two steps: 2^n alone can be out of range, and the last product
	 * rounds once if the result is denormal. */
	half = n / 2;
	y = y * power_of_2(half) * power_of_2(n - half);
	return dbrt_float_of(
		dbrt_pick(size > INFINITE, NOT_A_NUMBER, dbrt_float_bits(y)));
}

float dbrt_expf(float x)
{
	return exp_two_parts(x, 0);
}

void dbrt_exp_block(float *x)
{
	int i;

	for (i = 0; i < DBRT_BLOCK; i++)
		x[i] = exp_two_parts(x[i], 0);
}

/* m of x = m * 2^*e, sqrt(1/2) <= m < sqrt(2), for finite x > 0 */
static float split_exponent(float x, int32_t *e)
{
	uint32_t bits = dbrt_float_bits(x);
	int32_t denormal = bits < 0x00800000u ? 23 : 0, n;

	if (denormal)
		bits = dbrt_float_bits(x * 8388608.0f);
	/* Counted from sqrt(1/2) = 0x3f3504f3, rounding down. */
	n = (int32_t)(bits - 0x3f3504f3u) >> 23;
	*e = n - denormal;
	return dbrt_float_of(bits - ((uint32_t)n << 23));
}

float dbrt_logf(float x)
{
	static const float c[] = { 7.0376836292e-2f, -1.1514610310e-1f,
				   1.1676998740e-1f, -1.2420140846e-1f,
				   1.4249322787e-1f, -1.6668057665e-1f,
				   2.0000714765e-1f, -2.4999993993e-1f,
				   3.3333331174e-1f };
	int32_t e;
	float y, z;

	if (x == 0)
		return -dbrt_infinity();
	if (!(x > 0))
		return dbrt_nan();
	if (x == dbrt_infinity())
		return x;
	x = split_exponent(x, &e) - 1;
	z = x * x;
	y = POLY(c, x) * x * z + (float)e * LN2_LOW - 0.5f * z;
	return x + y + (float)e * LN2_HIGH;
}

float dbrt_log1pf(float x)
{
	float u = 1 + x;

	if (x != x)
		return dbrt_nan();
	/* The slope compensates for the rounding error of the sum (Kahan's
	 * log1p). */
	if (u == 1 || u == dbrt_infinity())
		return x;
	return dbrt_logf(u) * (x / (u - 1));
}

float dbrt_tanhf(float x)
{
	static const float c[] = { -5.70498872745e-3f, 2.06390887954e-2f,
				   -5.37397155531e-2f, 1.33314422036e-1f,
				   -3.33332819422e-1f };
	float a = dbrt_absf(x), z = x * x;

	if (x != x)
		return dbrt_nan();
	if (a < 0.625f)
		return POLY(c, z) * z * x + x;
	a = 1 - 2 / (dbrt_expf(2 * a) + 1);
	return x < 0 ? -a : a;
}

static inline float sigmoid(float x)
{
	uint32_t bits = dbrt_float_bits(x);
	float e = exp_two_parts(dbrt_float_of(bits | SIGN), 0);

	bits = dbrt_pick(bits >> 31 != 0, dbrt_float_bits(e), ONE);
	return dbrt_float_of(bits) / (1 + e);
}

float dbrt_sigmoidf(float x)
{
	return sigmoid(x);
}

void dbrt_sigmoid_block(float *x)
{
	int i;

	for (i = 0; i < DBRT_BLOCK; i++)
		x[i] = sigmoid(x[i]);
}

/* Minimax fits: (erf(x)/x - 1) in x*x to 0.95, log(erfc(x)) in x to 4. */
float dbrt_erff(float x)
{
	static const float near[] = { -5.8867741609e-4f, 4.9731172621e-3f,
				      -2.6753334328e-2f, 1.1281466484e-1f,
				      -3.7612462044e-1f, 1.2837915123e-1f };
	static const float far[] = { 1.9150556182e-4f,  -2.9995543882e-3f,
				     2.2052051499e-2f,  -1.0356700420e-1f,
				     -6.3759994507e-1f, -1.1274261475f,
				     -2.5642861147e-4f };
	float a = dbrt_absf(x), y = 1;

	if (x != x)
		return dbrt_nan();
	if (a < 0.95f)
		return x + x * POLY(near, x * x);
	if (a < 4)
		y = 1 - dbrt_expf(POLY(far, a));
	return x < 0 ? -y : y;
}

/* Digit by digit: the same bits on processors with and without a square root
 * instruction. */
float dbrt_sqrtf(float x)
{
	uint32_t bits, root = 0, rest = 0, i;
	int32_t e = 0;

	if (x == 0 || x == dbrt_infinity())
		return x;
	if (!(x > 0))
		return dbrt_nan();
	if (x < 1.17549435e-38f) {
		x *= 16777216.0f;
		e = -24;
	}
	bits = dbrt_float_bits(x);
	e += (int32_t)(bits >> 23) - 127;
	bits = (bits & 0x7fffffu) | 0x800000u;
	if (e & 1) {
		bits <<= 1;
		e--;
	}
	/* 25 bits of sqrt(bits * 2^25), two bits of the radicand at a time */
	bits <<= 7;
	for (i = 0; i < 25; i++) {
		rest = rest << 2 | bits >> 30;
		bits <<= 2;
		root <<= 1;
		if (rest > root << 1) {
			rest -= (root << 1) + 1;
			root++;
		}
	}
	/* The last bit rounds; a root is never exactly halfway. */
	root = (root + 1) >> 1;
	return dbrt_float_of(root + ((uint32_t)(e / 2 + 126) << 23));
}

/* a + b = sum + *error exactly, for |a| >= |b| (Dekker, Fast2Sum) */
static float two_sum(float a, float b, float *error)
{
	float sum = a + b;

	*error = b - (sum - a);
	return sum;
}

static float high_half(float x)
{
	return dbrt_float_of(dbrt_float_bits(x) & 0xfffff000u);
}

/* a * b = product + *error exactly (T. J. Dekker, 1971) */
static float two_product(float a, float b, float *error)
{
	float p = a * b, ah = high_half(a), bh = high_half(b);
	float al = a - ah, bl = b - bh;

	*error = ah * bh - p + ah * bl + al * bh + al * bl;
	return p;
}

/* log(x) = result + *low to about 31 bits, for finite x > 0: with
 * s = (m - 1) / (m + 1), 2 (s + s^3/3 + s^5/5 + ...) + e log 2 */
static float log_two_parts(float x, float *low)
{
	static const float c[] = { 0.09090909f, 0.1111111f, 0.14285715f, 0.2f,
				   0.33333334f };
	int32_t e;
	float m = split_exponent(x, &e), f = m - 1, dl, p, pl, s, sl, z, h;
	float d = m > 1 ? two_sum(m, 1, &dl) : two_sum(1, m, &dl);

	s = f / d;
	p = two_product(s, d, &pl);
	sl = (f - p - pl - s * dl) / d;
	z = s * s;
	h = (float)e * LN2_HIGH;
	s *= 2;
	sl = 2 * sl + s * z * POLY(c, z) + (float)e * LN2_LOW;
	h = e ? two_sum(h, s, &pl) : two_sum(s, 0, &pl);
	return two_sum(h, pl + sl, low);
}

/* 0: not an integer; 1: odd; 2: even */
static int parity(float y)
{
	float a = dbrt_absf(y);

	if (a >= 16777216.0f)
		return 2;
	if ((float)(int32_t)a != a)
		return 0;
	return (int32_t)a & 1 ? 1 : 2;
}

/* |x|^y for x neither 0, 1, infinite nor NaN and finite y */
static float pow_positive(float x, float y)
{
	float low, high = log_two_parts(x, &low), error, p;

	/* Far out of range, before the products overflow. */
	if (dbrt_absf(y) > 3e9f)
		return (high > 0) == (y > 0) ? dbrt_infinity() : 0;
	p = two_product(y, high, &error);
	if (dbrt_absf(p) > 105)
		return p > 0 ? dbrt_infinity() : 0;
	return exp_two_parts(p, error + y * low);
}

float dbrt_powf(float x, float y)
{
	float a = dbrt_absf(x), r;
	int odd;

	if (y == 0 || x == 1)
		return 1;
	if (x != x || y != y)
		return dbrt_nan();
	odd = parity(y) == 1;
	if (a == 0 || a == dbrt_infinity())
		r = (a == 0) == (y < 0) ? dbrt_infinity() : 0;
	else if (dbrt_absf(y) == dbrt_infinity())
		return a == 1 ? 1 : (a > 1) == (y > 0) ? dbrt_infinity() : 0;
	else if (x < 0 && parity(y) == 0)
		return dbrt_nan();
	else
		r = a == 1 ? 1 : pow_positive(a, y);
	return odd && dbrt_float_bits(x) & SIGN ? -r : r;
}

/* The mantissa, leading bit at 23, of a positive number; *e its exponent:
 * mantissa * 2^(e - 150) */
static uint32_t mantissa(uint32_t bits, int32_t *e)
{
	uint32_t m = bits & 0x7fffffu;

	*e = (int32_t)(bits >> 23);
	if (*e)
		return m | 0x800000u;
	for (*e = 1; !(m & 0x800000u); (*e)--)
		m <<= 1;
	return m;
}

float dbrt_fmodf(float x, float y)
{
	uint32_t sign = dbrt_float_bits(x) & SIGN;
	uint32_t xb = dbrt_float_bits(x) & ~SIGN;
	uint32_t yb = dbrt_float_bits(y) & ~SIGN, xm, ym;
	int32_t xe, ye;

	if (x != x || y != y || xb == 0x7f800000u || yb == 0)
		return dbrt_nan();
	if (xb < yb)
		return x;
	xm = mantissa(xb, &xe);
	ym = mantissa(yb, &ye);
	for (; xe > ye; xe--) {
		xm = xm >= ym ? xm - ym : xm;
		xm <<= 1;
	}
	xm = xm >= ym ? xm - ym : xm;
	if (xm == 0)
		return dbrt_float_of(sign);
	for (; !(xm & 0x800000u); xe--)
		xm <<= 1;
	if (xe > 0)
		xm = (xm & 0x7fffffu) | (uint32_t)xe << 23;
	else
		xm >>= 1 - xe;
	return dbrt_float_of(sign | xm);
}

/* Rounds towards zero and keeps the sign of zero. */
static float truncate(float x)
{
	float y = dbrt_absf(x);

	if (!(y < 8388608.0f))
		return dbrt_canonical(x);
	y = (float)(int32_t)y;
	return dbrt_float_of(dbrt_float_bits(y) | (dbrt_float_bits(x) & SIGN));
}

float dbrt_floorf(float x)
{
	float y = truncate(x);

	return y > x ? y - 1 : y;
}

float dbrt_ceilf(float x)
{
	float y = truncate(x);

	return y < x ? y + 1 : y;
}

float dbrt_roundf(float x)
{
	/* Floats above 2^23 have no fraction: the sum rounds half to even. */
	float a = dbrt_absf(x), y;

	if (!(a < 8388608.0f))
		return dbrt_canonical(x);
	y = a + 8388608.0f - 8388608.0f;
	return dbrt_float_of(dbrt_float_bits(y) | (dbrt_float_bits(x) & SIGN));
}

int8_t dbrt_quantize(float x, float scale, int32_t zero_point)
{
	float q = dbrt_roundf(x / scale);
	int32_t code;

	if (q != q)
		return (int8_t)zero_point;
	/* Clamped before the conversion, which is undefined out of range. */
	code = q < -512 ? -512 : q > 512 ? 512 : (int32_t)q;
	code += zero_point;
	return (int8_t)(code < -128 ? -128 : code > 127 ? 127 : code);
}
