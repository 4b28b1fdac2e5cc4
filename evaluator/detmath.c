/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Range reduction and series: exp(x) = 2^k exp(r) with |r| <= ln(2)/2 and
 * ln(2) in two parts (Cody & Waite, Software Manual for the Elementary
 * Functions, 1980), log(2^k m) = k ln(2) + 2 atanh((m - 1) / (m + 1)). The
 * logarithm is a sum of two doubles (Dekker 1971), because pow multiplies its
 * error by up to 745.
 */
#include "evaluator/detmath.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The high part has 32 bits: its product with an exponent is exact. */
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define LOG2_E 0x1.71547652b82fep+0
#define EXP_MAX 709.782712893384     /* exp() is infinite above */
#define EXP_MIN (-745.1332191019412) /* exp() is zero below */

/* high + low, low of at most half an ulp of high. */
struct double_pair {
	double high, low;
};

/* a + b for |a| >= |b| (Dekker, Fast2Sum). */
static struct double_pair add_ordered(double a, double b)
{
	double sum = a + b;

	return (struct double_pair){ sum, b - (sum - a) };
}

static struct double_pair add(double a, double b)
{
	double sum = a + b, from_b = sum - a;

	return (struct double_pair){ sum, (a - (sum - from_b)) + (b - from_b) };
}

/* The upper 26 bits of x (Veltkamp). */
static double upper_half(double x)
{
	double t = x * 134217729.0; /* 2^27 + 1 */

	return t - (t - x);
}

static struct double_pair multiply(double a, double b)
{
	double product = a * b;
	double ah = upper_half(a), bh = upper_half(b);
	double al = a - ah, bl = b - bh;

	return (struct double_pair){
		product, ((ah * bh - product) + ah * bl + al * bh) + al * bl
	};
}

static double with_bits(uint64_t bits)
{
	double x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

static uint64_t bits_of(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static double power_of_two(int k)
{
	return with_bits((uint64_t)(k + 1023) << 52);
}

/* x * 2^k for k within [-1100, 1100], rounded once. */
static double scale(double x, int k)
{
	if (k > -1000 && k < 1000)
		return x * power_of_two(k);
	return x * power_of_two(k / 2) * power_of_two(k - k / 2);
}

static double polynomial(double x, const double *c, int degree)
{
	double sum = c[degree];

	for (int i = degree - 1; i >= 0; i--)
		sum = sum * x + c[i];
	return sum;
}

/* exp(r) - 1 = high + low and k, such that x.high + x.low = k ln(2) + r. */
static struct double_pair reduced_exp(struct double_pair x, int *k)
{
	/* 1/2!, 1/3!, ..., 1/13! */
	static const double series[] = {
		1.0 / 2,        1.0 / 6,         1.0 / 24,
		1.0 / 120,      1.0 / 720,       1.0 / 5040,
		1.0 / 40320,    1.0 / 362880,    1.0 / 3628800,
		1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0,
	};
	double multiple = floor(x.high * LOG2_E + 0.5);
	struct double_pair r =
		add(x.high - multiple * LN2_HIGH, x.low - multiple * LN2_LOW);

	*k = (int)multiple;
	return add_ordered(r.high,
			   r.low + r.high * r.high *
					   polynomial(r.high, series, 11));
}

static double exp_pair(struct double_pair x)
{
	int k;

	if (x.high > EXP_MAX)
		return INFINITY;
	if (x.high < EXP_MIN)
		return 0;
	struct double_pair e = reduced_exp(x, &k);
	struct double_pair one = add_ordered(1, e.high);
	return scale(one.high + (one.low + e.low), k);
}

/* The same without the low parts. The error is at most 1 ulp; an evaluation
 * spends most of its time here. */
double det_exp(double x)
{
	/* 1/2!, 1/3!, ..., 1/13! */
	static const double c[] = {
		1.0 / 2,        1.0 / 6,         1.0 / 24,
		1.0 / 120,      1.0 / 720,       1.0 / 5040,
		1.0 / 40320,    1.0 / 362880,    1.0 / 3628800,
		1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0,
	};
	const double to_integer = 0x1.8p52; /* its ulp is 1 */

	if (!(x >= EXP_MIN && x <= EXP_MAX))
		return isnan(x) ? x : x > 0 ? INFINITY : 0;
	double multiple = (x * LOG2_E + to_integer) - to_integer;
	double r = (x - multiple * LN2_HIGH) - multiple * LN2_LOW;
	double r2 = r * r, r4 = r2 * r2;
	double low = (c[0] + c[1] * r) + r2 * (c[2] + c[3] * r);
	double middle = (c[4] + c[5] * r) + r2 * (c[6] + c[7] * r);
	double high = (c[8] + c[9] * r) + r2 * (c[10] + c[11] * r);
	double y = 1 + (r + r2 * (low + r4 * (middle + r4 * high)));

	return scale(y, (int)multiple);
}

/* exp(x) - 1 for x within [-50, 50]. */
static double exp_minus_one(double x)
{
	int k;
	struct double_pair e = reduced_exp((struct double_pair){ x, 0 }, &k);

	if (k == 0)
		return e.high + e.low;
	double factor = power_of_two(k);
	struct double_pair sum = add(factor - 1, e.high * factor);
	return sum.high + (sum.low + e.low * factor);
}

/* 2 atanh(s) for s = (m - 1) / (m + 1), m within [sqrt(1/2), sqrt(2)]. */
static struct double_pair log_mantissa(double m)
{
	/* atanh(s) = s (1 + z / 3 + z^2 (1/5 + z / 7 + ...)), z = s * s */
	static const double series[] = {
		1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11, 1.0 / 13, 1.0 / 15,
		1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23, 1.0 / 25,
	};
	static const struct double_pair third = { 0x1.5555555555555p-2,
						  0x1.5555555555555p-56 };
	double f = m - 1;
	struct double_pair below = add(2, f);
	double s = f / below.high;
	struct double_pair p = multiply(s, below.high);
	double s_low = ((f - p.high) - p.low - s * below.low) / below.high;
	struct double_pair z = multiply(s, s);

	z.low += 2 * s * s_low;
	struct double_pair w = multiply(z.high, third.high);
	w.low += z.high * third.low + z.low * third.high;
	double tail = z.high * z.high * polynomial(z.high, series, 10);
	struct double_pair factor = add_ordered(w.high, tail);
	factor.low += w.low;
	struct double_pair rest = multiply(s, factor.high);
	rest.low += s * factor.low + s_low * factor.high;
	struct double_pair sum = add_ordered(s, rest.high);
	sum.low += rest.low + s_low;
	return (struct double_pair){ 2 * sum.high, 2 * sum.low };
}

/* log(x) for a finite x > 0, to about 2^-64 of its size. */
static struct double_pair log_pair(double x)
{
	int k = 0;

	if (x < 0x1p-1022) {
		x *= 0x1p54;
		k = -54;
	}
	uint64_t bits = bits_of(x);
	k += (int)(bits >> 52) - 1023;
	double m = with_bits((bits & 0xfffffffffffff) | (uint64_t)1023 << 52);
	if (m > 0x1.6a09e667f3bcdp+0) {
		m *= 0.5;
		k++;
	}
	struct double_pair log = log_mantissa(m);
	if (k == 0)
		return add_ordered(log.high, log.low);
	struct double_pair sum = add_ordered(k * LN2_HIGH, log.high);
	return add_ordered(sum.high, sum.low + (log.low + k * LN2_LOW));
}

double det_log(double x)
{
	if (isnan(x) || x == INFINITY)
		return x;
	if (x == 0)
		return -INFINITY;
	if (x < 0)
		return NAN;
	struct double_pair log = log_pair(x);
	return log.high + log.low;
}

double det_log1p(double x)
{
	if (isnan(x) || x == INFINITY || fabs(x) < 0x1p-54)
		return x;
	if (x == -1)
		return -INFINITY;
	if (x < -1)
		return NAN;
	struct double_pair sum = add(1, x);
	struct double_pair log = log_pair(sum.high);
	return log.high + (log.low + sum.low / sum.high);
}

static bool is_integer(double x)
{
	return floor(x) == x;
}

static bool is_odd(double x)
{
	return fabs(x) < 0x1p53 && is_integer(x) && ((int64_t)x & 1) != 0;
}

/* |x|^y for x other than 0, 1 and infinity. */
static double pow_magnitude(double x, double y)
{
	struct double_pair log = log_pair(fabs(x));

	/* Far beyond overflow, and small enough for upper_half(). */
	if (fabs(y) > 0x1p80)
		y = copysign(0x1p80, y);
	struct double_pair product = multiply(y, log.high);
	product.low += y * log.low;
	return exp_pair(add_ordered(product.high, product.low));
}

/* C99 Annex F.9.4.4. */
double det_pow(double x, double y)
{
	double result;

	if (y == 0 || x == 1)
		return 1;
	if (isnan(x) || isnan(y))
		return x + y;
	if (fabs(x) == 1 && (isinf(y) || is_integer(y)))
		return is_odd(y) ? x : 1;
	if (x < 0 && !isinf(x) && !isinf(y) && !is_integer(y))
		return NAN;
	if (isinf(y) || isinf(x) || x == 0)
		result = (fabs(x) > 1) == (y > 0) ? INFINITY : 0;
	else
		result = pow_magnitude(x, y);
	return signbit(x) && is_odd(y) ? -result : result;
}

double det_tanh(double x)
{
	double size = fabs(x), y;

	if (isnan(x) || size < 0x1p-28)
		return x;
	if (size > 22) {
		y = 1;
	} else {
		double e = exp_minus_one(2 * size);
		y = size < 1 ? e / (e + 2) : 1 - 2 / (e + 2);
	}
	return copysign(y, x);
}

/* 2/sqrt(pi) (-1)^i / (i! (2i + 1)): erf(x) / x in powers of x * x. */
static const double erf_series[] = {
	1.1283791670955126,     -0.37612638903183754,
	0.11283791670955126,    -0.026866170645131252,
	0.005223977625442188,   -0.0008548327023450853,
	0.00012055332981789664, -1.492565035840625e-05,
	1.6462114365889248e-06, -1.6365844691234924e-07,
	1.4807192815879218e-08, -1.2290555301717928e-09,
	9.422759064650411e-11,  -6.7113668551641105e-12,
	4.4632242632864775e-13, -2.7835162072109215e-14,
	1.6342614095367152e-15,
};

/* erf on [i + 1, i + 2] in powers of t = 2 (x - i - 1) - 1: interpolation
 * at Chebyshev nodes, worst error 1.3e-15. */
static const double erf_pieces[5][15] = {
	{ 0.9661051464753101, 0.05946514461182279, -0.04459885845877607,
	  0.0173440005114705, -0.002787428655465353, -0.0004645714388571142,
	  0.0003019714518031028, -3.705512002269971e-05, -9.229265877233227e-06,
	  3.3395347792853015e-06, -9.061573400428396e-08,
	  -1.2430411519395564e-07, 1.8823428870349058e-08,
	  2.2395408887812457e-09, -7.703562320654855e-10 },
	{ 0.999593047982555, 0.0010891421151590062, -0.0013614276439611963,
	  0.0010437611943588257, -0.0005388984425997617, 0.00019116712466742488,
	  -4.372640713913652e-05, 4.237612014029583e-06, 1.0182366840479037e-06,
	  -4.889204747471412e-07, 7.696772625461154e-08, 2.615770989464718e-09,
	  -3.453450677973506e-09, 5.005299624426379e-10,
	  2.1162504575921922e-11 },
	{ 0.9999992569016276, 2.6997133886415386e-06, -4.7244984307436685e-06,
	  5.286938721502835e-06, -4.232363165908464e-06, 2.566133797415694e-06,
	  -1.2147539389341187e-06, 4.5463097954144103e-07,
	  -1.33824554950509e-07, 2.994259589731275e-08, -4.532985484765444e-09,
	  2.17610854504278e-10, 1.0921371832718794e-10, -3.72235083099018e-11,
	  5.106401783227378e-12 },
	{ 0.9999999998033839, 9.056529593189469e-10, -2.0377191312873295e-09,
	  2.981107194848741e-09, -3.183936178263605e-09, 2.6419640720505935e-09,
	  -1.7692069271950606e-09, 9.800659016338943e-10,
	  -4.565215054326866e-10, 1.8067150420026482e-10, -6.09859539609281e-11,
	  1.7488580305074957e-11, -4.277155775441862e-12, 9.100071422511e-13,
	  -1.3478396940713118e-13 },
	{ 0.9999999999999927, 4.1116688558225886e-14, -1.1307069908308253e-13,
	  2.0386568029521582e-13, -2.7089613559611455e-13,
	  2.827412213033547e-13, -2.410971232038541e-13, 1.7238773009618138e-13,
	  -1.0567498194706944e-13, 5.672634078108854e-14,
	  -2.6369842286166648e-14, 1.0174856576501377e-14,
	  -3.796173927260631e-15, 1.7066123412227901e-15,
	  -4.778531070742317e-16 },
};

double det_erf(double x)
{
	double size = fabs(x), y;

	if (isnan(x))
		return x;
	if (size < 1)
		return x * polynomial(x * x, erf_series, 16);
	if (size < 6) {
		int piece = (int)size - 1;
		double t = 2 * (size - (double)(piece + 1)) - 1;
		y = polynomial(t, erf_pieces[piece], 14);
	} else {
		y = 1;
	}
	return copysign(y, x);
}

double det_sigmoid(double x)
{
	if (x >= 0)
		return 1 / (1 + det_exp(-x));
	double e = det_exp(x);
	return e / (1 + e);
}

double det_sqrt(double x)
{
	return sqrt(x);
}
