-- The health of a CloudHsmBackup, for Argo CD. It uses the base and table libraries only: Argo CD opens
-- no more unless it is told to.

-- What a copy on its way to another region counts as. AWS takes minutes to hours for one. "Progressing"
-- holds the next sync wave until it is READY; "Healthy" lets the wave pass as soon as AWS has taken the
-- request for every wanted copy, none of them has failed before and nothing is to be deleted.
local COPY_IN_PROGRESS = "Progressing"

local metadata, spec, status = obj.metadata, obj.spec or {}, obj.status or {}

local function health(code, message)
  return { status = code, message = message }
end

-- "Reason: message" of a condition.
local function words(condition)
  return (condition.reason or "") .. ": " .. (condition.message or "")
end

-- The conditions by type, those that are about this generation of the spec.
local conditions = {}
if status.observedGeneration == metadata.generation then
  for _, condition in ipairs(status.conditions or {}) do
    if condition.observedGeneration == nil or condition.observedGeneration == metadata.generation then
      conditions[condition.type] = condition
    end
  end
end
local ready = conditions.Ready
local stalled = conditions.Stalled
if stalled ~= nil and stalled.status ~= "True" then
  stalled = nil
end

-- What is recorded of the copy in a region.
local function copy_in(region)
  for _, copy in ipairs(status.copies or {}) do
    if copy.region == region then
      return copy
    end
  end
  return {}
end

-- The condition or the copy for which AWS denied a call. It is tried again for ever, and only a person can mend it.
local function denied()
  for _, type in ipairs({ "Ready", "CopiesReady" }) do
    local condition = conditions[type]
    if condition ~= nil and condition.status ~= "True" and condition.reason == "AccessDenied" then
      return words(condition)
    end
  end
  for _, wanted in ipairs(spec.copies or {}) do
    local copy = copy_in(wanted.region)
    local failure = copy.lastFailure or {}
    if wanted.deleted ~= true and copy.request == nil and failure.reason == "AccessDenied" then
      return "AccessDenied: the copy in " .. wanted.region .. ": " .. (copy.message or ready.message or "")
    end
  end
  return nil
end

-- Whether every wanted copy is READY or on its way for the first time.
local function copies_are_on_their_way()
  for _, wanted in ipairs(spec.copies or {}) do
    local copy = copy_in(wanted.region)
    local moves = copy.request ~= nil or copy.backupState == "CREATE_IN_PROGRESS" or copy.backupState == "READY"
    if wanted.deleted ~= true and (not moves or copy.lastFailure ~= nil) then
      return false
    end
  end
  return spec.deleted ~= true
end

-- Argo CD calls a resource that is being deleted Progressing without asking; other readers of this script may not.
if metadata.deletionTimestamp ~= nil then
  if stalled ~= nil then
    return health("Degraded", "being deleted, and held: " .. words(stalled))
  end
  return health("Progressing", "being deleted" .. (ready and ", " .. words(ready) or ""))
end

if ready == nil then
  if status.conditions == nil then
    return health("Progressing", "not looked at yet; if it stays so: does the operator run, and watch this namespace?")
  end
  return health("Progressing", "the status is about an older generation of the spec")
end

-- Trouble comes first: what a suspended resource observes is as true as what any other does.
if stalled ~= nil and stalled.reason ~= "Suspended" then
  return health("Degraded", words(stalled))
end
local denial = denied()
if denial ~= nil then
  return health("Degraded", denial)
end

if spec.suspend == true or stalled ~= nil then
  return health("Suspended", words(ready))
end

if ready.status == "True" then
  local scheduled = conditions.DeletionScheduled
  return health("Healthy", words(ready) .. (scheduled and "; " .. scheduled.message or ""))
end

if ready.reason == "CopyInProgress" and copies_are_on_their_way() then
  return health(COPY_IN_PROGRESS, words(ready))
end

return health("Progressing", words(ready))
