// SPDX-License-Identifier: Apache-2.0
#include "aws/region.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "aws/profile.h"
#include "util/alloc.h"
#include "util/cleanup.h"

#define REGION_MAX 63 /* a label of a host name */

bool aws_region_is_valid(const char *region)
{
	size_t n = strlen(region);

	for (const char *p = region; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '-')
			return false;
	return n && n <= REGION_MAX && region[0] != '-' && region[n - 1] != '-';
}

const char *aws_dns_suffix(const char *region)
{
	static const struct {
		const char *prefix, *suffix;
	} partitions[] = {
		{"cn-", "amazonaws.com.cn"},    {"us-iso-", "c2s.ic.gov"},
		{"us-isob-", "sc2s.sgov.gov"},  {"us-isof-", "csp.hci.ic.gov"},
		{"eu-isoe-", "cloud.adc-e.uk"}, {"eusc-", "amazonaws.eu"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(partitions); i++)
		if (!strncmp(region, partitions[i].prefix, strlen(partitions[i].prefix)))
			return partitions[i].suffix;
	return "amazonaws.com";
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

int aws_region_find(char **ret, struct diag *diag)
{
	_cleanup_(profiles_freep) struct profiles *profiles = NULL;
	const char *where = "AWS_REGION", *region = variable(where), *profile;
	int r;

	if (!region)
		region = variable(where = "AWS_DEFAULT_REGION");
	if (!region) {
		r = profiles_load(&profiles, diag);
		if (r < 0)
			return r;
		profile = variable("AWS_PROFILE");
		where = profiles_config_file(profiles);
		region = profiles_get(profiles, profile ? profile : "default", "region");
	}
	if (region && !aws_region_is_valid(region)) {
		_cleanup_(freep) char *quoted = diag_quote(region);

		return diag_error(diag, -EINVAL, "%s: %s is not a region", where, quoted);
	}
	*ret = region ? xstrdup(region) : NULL;
	return 0;
}

char *aws_endpoint(const char *service, const char *region)
{
	_cleanup_(freep) char *name = xasprintf("AWS_ENDPOINT_URL_%s", service);
	const char *url;

	for (char *p = name; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	url = variable(name);
	if (!url)
		url = variable("AWS_ENDPOINT_URL");
	if (url)
		return xstrdup(url);
	if (!region)
		return xasprintf("https://%s.amazonaws.com", service);
	return xasprintf("https://%s.%s.%s", service, region, aws_dns_suffix(region));
}
