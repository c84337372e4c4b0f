//! What a state holds by id.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Index;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A map in the order of its keys, for what a state holds by id: units, tasks, pull requests, files.
///
/// The values lie side by side in the order in which they came, and a list of their places is kept sorted.
/// So an insertion moves four bytes for each key behind the new one, and none where keys come in order, as
/// those of a snapshot do. The part that is the same for all values is compiled once: five
/// [`BTreeMap`]s were an eighth of the browser's module.
///
/// ```
/// use choo_protocol::IdMap;
/// let mut map: IdMap<String, u32> = [("b".to_owned(), 2), ("a".to_owned(), 1)].into_iter().collect();
/// assert_eq!(map.insert("b".to_owned(), 3), Some(2));
/// assert_eq!(map.keys().collect::<Vec<_>>(), ["a", "b"]);
/// assert_eq!((map["b"], map.get("c")), (3, None));
/// ```
#[derive(Clone)]
pub struct IdMap<K, V> {
    keys: Keys<K>,
    /// By place.
    values: Vec<V>,
}

/// The keys of a map, each with the place of its value.
#[derive(Clone)]
struct Keys<K> {
    /// By place.
    keys: Vec<K>,
    /// All places, in the order of their keys.
    sorted: Vec<u32>,
}

impl<K: Ord> Keys<K> {
    /// Where a key's place stands in the sorted list, or belongs.
    #[inline(never)]
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        let by_key = |place: &u32| self.keys[*place as usize].borrow().cmp(key);
        // Keys often come in order.
        match self.sorted.last().map(by_key) {
            None | Some(std::cmp::Ordering::Less) => Err(self.sorted.len()),
            Some(_) => self.sorted.binary_search_by(by_key),
        }
    }

    /// The place of a key.
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|at| self.sorted[at] as usize)
    }

    /// Adds a key that belongs there; its place is the last one.
    #[inline(never)]
    fn insert(&mut self, at: usize, key: K) {
        // Of every key there is a copy in memory, which holds fewer than this many.
        let place = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        self.sorted.insert(at, place);
        self.keys.push(key);
    }

    /// Takes away a key whose place stands there, and answers with the place, which the last one gets.
    #[inline(never)]
    fn remove(&mut self, at: usize) -> usize {
        let place = self.sorted.remove(at);
        let last = self.keys.len() - 1;
        if place as usize != last {
            // Its key is still there, so it is found.
            if let Ok(moved) = self.find(&self.keys[last]) {
                self.sorted[moved] = place;
            }
        }
        self.keys.swap_remove(place as usize);
        place as usize
    }
}

impl<K: Ord, V> IdMap<K, V> {
    /// An empty map.
    pub const fn new() -> Self {
        IdMap { keys: Keys { keys: Vec::new(), sorted: Vec::new() }, values: Vec::new() }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.keys.place(key).map(|place| &self.values[place])
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.keys.place(key).map(|place| &mut self.values[place])
    }

    /// Whether there is such a key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.keys.find(key).is_ok()
    }

    /// Gives a key its value, and answers with the one that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.keys.find(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.values[self.keys.sorted[at] as usize], value)),
            Err(at) => {
                self.keys.insert(at, key);
                self.values.push(value);
                None
            }
        }
    }

    /// The value of a key, which is made with its key if there is none.
    pub fn get_or_insert_with<Q: Ord + ToOwned<Owned = K> + ?Sized>(
        &mut self,
        key: &Q,
        make: impl FnOnce() -> V,
    ) -> &mut V
    where
        K: Borrow<Q>,
    {
        let place = match self.keys.find(key) {
            Ok(at) => self.keys.sorted[at] as usize,
            Err(at) => {
                self.keys.insert(at, key.to_owned());
                self.values.push(make());
                self.values.len() - 1
            }
        };
        &mut self.values[place]
    }

    /// Takes an entry away, and answers with its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.keys.find(key).ok()?;
        let place = self.keys.remove(at);
        Some(self.values.swap_remove(place))
    }

    /// Takes away the entries of which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        let mut at = 0;
        while let Some(&place) = self.keys.sorted.get(at) {
            if keep(&self.keys.keys[place as usize], &mut self.values[place as usize]) {
                at += 1;
            } else {
                let place = self.keys.remove(at);
                self.values.swap_remove(place);
            }
        }
    }

    /// The entries in the order of their keys.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter { sorted: self.keys.sorted.iter(), keys: &self.keys.keys, values: &self.values }
    }

    /// The keys in their order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

/// The entries of an [`IdMap`] in the order of their keys.
#[derive(Debug)]
pub struct Iter<'a, K, V> {
    sorted: std::slice::Iter<'a, u32>,
    keys: &'a [K],
    values: &'a [V],
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<(&'a K, &'a V)> {
        let place = *self.sorted.next()? as usize;
        Some((&self.keys[place], &self.values[place]))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.sorted.size_hint()
    }
}

impl<K, V> ExactSizeIterator for Iter<'_, K, V> {}

impl<'a, K: Ord, V> IntoIterator for &'a IdMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<K, V> IntoIterator for IdMap<K, V> {
    type Item = (K, V);
    type IntoIter = std::iter::Zip<std::vec::IntoIter<K>, std::vec::IntoIter<V>>;

    /// The entries in no order: that of their keys if they came in that.
    fn into_iter(self) -> Self::IntoIter {
        self.keys.keys.into_iter().zip(self.values)
    }
}

impl<K: Ord, V> Extend<(K, V)> for IdMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for IdMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = IdMap::new();
        map.extend(entries);
        map
    }
}

impl<K: Ord + Borrow<Q>, Q: Ord + ?Sized, V> Index<&Q> for IdMap<K, V> {
    type Output = V;

    /// # Panics
    ///
    /// If there is no such key, as indexing does.
    fn index(&self, key: &Q) -> &V {
        // An index that cannot be, as the standard library's maps treat it.
        &self.values[self.keys.place(key).unwrap_or(usize::MAX)]
    }
}

impl<K: Ord, V> Default for IdMap<K, V> {
    fn default() -> Self {
        IdMap::new()
    }
}

impl<K: Ord, V: PartialEq> PartialEq for IdMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Ord, V: Eq> Eq for IdMap<K, V> {}

impl<K: Ord + fmt::Debug, V: fmt::Debug> fmt::Debug for IdMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<K: Ord + Serialize, V: Serialize> Serialize for IdMap<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for IdMap<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

struct Entries<K, V>(PhantomData<(K, V)>);

impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Entries<K, V> {
    type Value = IdMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = IdMap::new();
        while let Some((key, value)) = entries.next_entry()? {
            map.insert(key, value);
        }
        Ok(map)
    }
}

impl<K: JsonSchema, V: JsonSchema> JsonSchema for IdMap<K, V> {
    fn inline_schema() -> bool {
        BTreeMap::<K, V>::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        BTreeMap::<K, V>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<K, V>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u8, u32),
        Make(u8),
        Remove(u8),
        KeepEven,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            6 => (0..40_u8, any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
            2 => (0..40_u8).prop_map(Step::Make),
            4 => (0..40_u8).prop_map(Step::Remove),
            1 => Just(Step::KeepEven),
        ];
        prop::collection::vec(step, 0..100)
    }

    proptest! {
        /// It does what the standard library's map does.
        #[test]
        fn it_is_a_map_in_the_order_of_its_keys(steps in steps()) {
            let (mut map, mut model) = (IdMap::new(), BTreeMap::new());
            for step in steps {
                match step {
                    Step::Insert(key, value) => {
                        assert_eq!(map.insert(key.to_string(), value), model.insert(key.to_string(), value));
                    }
                    Step::Make(key) => {
                        *map.get_or_insert_with(&*key.to_string(), || 7) += 2;
                        *model.entry(key.to_string()).or_insert(7) += 2;
                    }
                    Step::Remove(key) => {
                        assert_eq!(map.remove(&*key.to_string()), model.remove(&key.to_string()));
                    }
                    Step::KeepEven => {
                        let mut seen = Vec::new();
                        map.retain(|key, value| {
                            seen.push(key.clone());
                            value.is_multiple_of(2)
                        });
                        assert!(seen.is_sorted());
                        model.retain(|_, value| value.is_multiple_of(2));
                    }
                }
                assert!(map.iter().eq(model.iter()) && map.len() == model.len());
                for key in 0..40_u8 {
                    let key = key.to_string();
                    assert_eq!((map.get(&*key), map.contains_key(&*key)), (model.get(&key), model.contains_key(&key)));
                }
            }
            let json = serde_json::to_string(&map).unwrap();
            assert_eq!(json, serde_json::to_string(&model).unwrap());
            assert_eq!(serde_json::from_str::<IdMap<String, u32>>(&json).unwrap(), map);
            assert_eq!(map.clone().into_iter().collect::<IdMap<_, _>>(), map);
            assert_eq!(map.into_iter().collect::<BTreeMap<_, _>>(), model);
        }
    }
}
