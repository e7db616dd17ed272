#!/usr/bin/env node
// An actor in Node.js: a program that serves gRPC on the Unix socket in PARANET_ACTOR_SOCKET.
'use strict';

const fs = require('fs');
const path = require('path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

// The descriptors that the package has for the node are all that gRPC needs.
const descriptors = fs.readFileSync(path.join(process.env.PARANET_PACKAGE_DIR, 'echo.binpb'));
const {echo} = grpc.loadPackageDefinition(protoLoader.loadFileDescriptorSetFromBuffer(descriptors, {defaults: true}));

// Set by the node alone: what a caller sends under this name does not get here.
const callerOf = (call) => call.metadata.get('paranet-caller')[0] || '';

function say(call, done) {
  if (call.request.text === '') {
    done({code: grpc.status.INVALID_ARGUMENT, details: 'say something: text is empty'});
    return;
  }
  done(null, {text: call.request.text, caller: callerOf(call)});
}

function follow(call) {
  call.on('data', (request) => call.write({text: request.text, caller: callerOf(call)}));
  call.on('end', () => call.end());
}

const server = new grpc.Server();
server.addService(echo.v1.Echo.service, {Say: say, Follow: follow});
server.bindAsync(`unix:${process.env.PARANET_ACTOR_SOCKET}`, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) {
    console.error(error.message);
    process.exit(1);
  }
});

// The node asks by this signal, when no call is under way.
process.on('SIGTERM', () => server.tryShutdown(() => process.exit(0)));
