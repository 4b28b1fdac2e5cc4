/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_STAND_IN_ZLIB_H
#define DBC_TESTS_STAND_IN_ZLIB_H

/* For test programs of other processors: the CRC-32 of the device library. */
#include "runtime/dbrt_internal.h"

typedef unsigned uInt;
#define crc32(crc, data, bytes) dbrt_crc32(crc, data, bytes)

#endif
