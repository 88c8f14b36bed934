#!/bin/sh
# Deploys the echo service with snow and docker. ECHO_PASSWORD becomes the visitor's password; BASE, where it is
# set, is the image that the service's image is built from.
set -eu
cd "$(dirname "$0")"

snow sql --filename setup.sql --variable "password=$ECHO_PASSWORD"
repository=$(snow spcs image-repository url echo_db.public.images --role echo_owner)
docker build ${BASE:+--build-arg "BASE=$BASE"} --tag "$repository/echo:1" .
snow spcs image-registry login --role echo_owner
docker push "$repository/echo:1"
docker image rm "$repository/echo:1"
snow spcs service create echo_db.public.echo --compute-pool echo_pool --spec-path echo.yaml --role echo_owner
snow sql --role echo_owner --query "
    CALL echo_db.public.echo!SPCS_WAIT_FOR('RUNNING', 300);
    GRANT SERVICE ROLE echo_db.public.echo!visitor TO ROLE echo_visitor;"
snow spcs service list-endpoints echo_db.public.echo --role echo_owner
