/* SPDX-License-Identifier: Apache-2.0 */
/* Regions, and where their services are. Pure functions, but for aws_region_find(). */
#pragma once

#include <stdbool.h>

#include "util/diag.h"

/* Letters, digits and hyphens: it becomes part of a host name. */
bool aws_region_is_valid(const char *region);

/* "amazonaws.com", or what stands for it in China and in the regions cut off from the rest. */
const char *aws_dns_suffix(const char *region);

/*
 * The region by AWS_REGION, AWS_DEFAULT_REGION, or the profile in use: a heap string, NULL when none
 * says. -EINVAL when what one says is no region; or what profiles_load() says.
 */
int aws_region_find(char **ret, struct diag *diag);

/*
 * The base URL of a service: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, or its regional endpoint
 * ("https://sts.eu-west-1.amazonaws.com"; without a region, the global one). Heap string.
 */
char *aws_endpoint(const char *service, const char *region);
