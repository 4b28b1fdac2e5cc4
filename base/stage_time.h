/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_STAGE_TIME_H
#define DBC_BASE_STAGE_TIME_H

/* What a stage took, all its parts together. */
struct stage_time {
	const char *name;
	double seconds, cpu_seconds; /* of all threads */
	double peak_mb;              /* of the process, until its end */
};

#endif
